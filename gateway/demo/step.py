"""The demo's set-point step: commanded like any other, read back from the store, held against the model.

The prediction comes from the simulators' own reference, in a process of its own: a textbook PID around
the same process model, without wire, noise or gateway.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson
from numpy.lib.stride_tricks import sliding_window_view

from config.site import Site
from gateway.chart import Series, draw
from gateway.commands.message import Reply, make
from gateway.history import read_series
from gateway.response import NoStep, StepResponse, measure
from gateway.subscriber import Subscriber

LOOP = "br1/temp"
STEP_DEGC = -1.0
_AGE_S = 0.15
"""How old a PV is, on the average, when the loop acts on it: half a step of the simulator, half a
publishing interval, the wire."""
_BAND = 0.05
"""Settled: within this share of the step."""
_RESPONSE = 1.5
"""The response is looked at for so many times the settling time that the model predicts: what moves
the temperature later is another disturbance of the plant, not the step."""


@dataclass(frozen=True, slots=True)
class Step:
    """A set-point step that was commanded."""

    at_ns: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the step did, in seconds of the plant, and what the model says it should."""

    measured: dict[str, float]
    predicted: dict[str, float]
    agrees: bool


async def make_step(view: Subscriber, private_key: str) -> Step:
    """Command the step as the operator, and return it.

    Raises:
        NoReply: the gateway does not answer.
        RuntimeError: it refused.
    """
    before = view.values[f"{LOOP}.sp"].value
    assert isinstance(before, float)
    after = before + STEP_DEGC
    message = make("operator", private_key, "set_point", LOOP, value=after, reason="demo: temperature shift")
    reply: Reply = await view.command(message)
    if not reply.accepted:
        raise RuntimeError(f"the set-point was refused: {reply.reason}")
    return Step(reply.time_ns, before, after)


def read_step(site: Site, data: Path, step: Step) -> list[Series]:
    """Return the stored PV, set-point and output around the step."""
    loop = site.loops[LOOP]
    names = [loop.pv, f"{LOOP}.sp", f"{LOOP}.op"]
    return read_series(site, data, names, step.at_ns - 10_000_000_000, time.time_ns())


def draw_step(series: list[Series], path: Path) -> None:
    """Write the picture of the step."""
    draw(series, path, "Bioreactor temperature: a set-point step and its response, from stored data")


def measure_step(site: Site, series: Series, step: Step, within_s: float) -> StepResponse:
    """Return the figures of the stored response, in seconds of the plant.

    Args:
        site: the configuration, for the plant's speed.
        series: the stored PV.
        step: what was commanded.
        within_s: seconds of the plant after the step that are its response.

    Raises:
        NoStep: the stored series does not show the whole of it.
    """
    speed = site.speed_of(site.tags[site.loops[LOOP].pv].device)
    time_s = (series.source_ns - step.at_ns) / 1e9 * speed
    shown = (time_s >= 0.0) & (time_s <= within_s) & np.isfinite(series.value)
    time_s = time_s[shown]
    band = _BAND * abs(step.after - step.before)
    value = median_filter(series.value[shown])
    return measure(time_s, value, before=step.before, after=step.after, band=band)


def median_filter(value: npt.NDArray[np.float64], width: int = 5) -> npt.NDArray[np.float64]:
    """Return the running median of so many points: the sensor's noise is not the loop's response."""
    padded = np.pad(value, width // 2, mode="edge")
    filtered: npt.NDArray[np.float64] = np.median(sliding_window_view(padded, width), axis=1)
    return filtered


async def predict(site: Site, step: Step) -> dict[str, float]:
    """Return what the process model predicts for this loop's tuning: rise, overshoot, settling.

    Raises:
        RuntimeError: the reference did not run.
    """
    loop = site.loops[LOOP]
    pv = site.tags[loop.pv].device
    speed = site.speed_of(pv)
    arguments = {"kp": loop.kp, "ti": loop.ti, "td": loop.td, "n": loop.n, "b": loop.b}
    arguments |= {"from": step.before, "to": step.after}
    arguments |= {"period": speed * site.gateway.scan_period, "delay": speed * _AGE_S}
    command = [sys.executable, "-m", "simulators.reference"]
    for name, value in arguments.items():
        command += [f"--{name}", str(value)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, error = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the reference did not run: {error.decode(errors='replace')}")
    found: dict[str, float] = orjson.loads(output)
    return found


async def compare(site: Site, data: Path, step: Step) -> Comparison:
    """Return the stored response beside the predicted one.

    Raises:
        NoStep: the stored series does not show the whole of it.
    """
    pv = read_step(site, data, step)[0]
    predicted = await predict(site, step)
    measured = measure_step(site, pv, step, _RESPONSE * predicted["settling_s"])
    return Comparison(asdict(measured), predicted, agrees=_agrees(measured, predicted))


def _agrees(measured: StepResponse, predicted: dict[str, float]) -> bool:
    """Times within a quarter, overshoot within five per cent of the step (noise, scan and wire)."""
    return bool(
        abs(measured.rise_s - predicted["rise_s"]) <= 0.25 * predicted["rise_s"]
        and abs(measured.overshoot_percent - 100 * predicted["overshoot"]) <= 5.0
        and abs(measured.settling_s - predicted["settling_s"]) <= 0.25 * predicted["settling_s"]
    )


__all__ = ["Comparison", "NoStep", "Step", "compare", "draw_step", "make_step", "read_step"]
