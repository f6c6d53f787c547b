"""What a closed temperature loop on the simulated bioreactor must look like.

A textbook PID in plain Python around the same process model, without noise and without a wire:
the demo's set-point step is compared with what this predicts. It also gives the linear model that
tuning rules ask for. `python -m simulators.reference --kp 15 --ti 1200 --from 37 --to 36` prints
the prediction as JSON.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence

from simulators.bioreactor import Bioreactor
from simulators.bioreactor_parameters import BioreactorParameters
from simulators.dynamics import clamp
from simulators.jacket import CP_J_PER_KG_K

SETTLE_BAND = 0.05
"""Settled: within this share of the step for good."""


@dataclasses.dataclass(frozen=True)
class StepResponse:
    """Figures of a set-point step, times in plant seconds from the step."""

    rise_s: float
    """From 10 % to 90 % of the step."""
    overshoot: float
    """Beyond the new set-point, as a share of the step."""
    settling_s: float
    """Until it stays within `SETTLE_BAND` of the step."""
    settled: bool
    """It was within the band at the end of what was looked at."""


def measure_step(times_s: Sequence[float], values: Sequence[float], start: float, end: float) -> StepResponse:
    """Return the figures of a recorded step from `start` to `end`; `times_s` count from the step.

    Raises:
        ValueError: the record never got to 90 % of the step.
    """
    share = [(value - start) / (end - start) for value in values]
    first = next((t for t, x in zip(times_s, share, strict=True) if x >= 0.1), None)
    risen = next((t for t, x in zip(times_s, share, strict=True) if x >= 0.9), None)
    if first is None or risen is None:
        raise ValueError("the record ends before 90 % of the step")
    outside = [t for t, x in zip(times_s, share, strict=True) if abs(x - 1.0) > SETTLE_BAND]
    return StepResponse(
        rise_s=risen - first,
        overshoot=max(0.0, max(share) - 1.0),
        settling_s=outside[-1] if outside else 0.0,
        settled=abs(share[-1] - 1.0) <= SETTLE_BAND,
    )


@dataclasses.dataclass
class TextbookPid:
    """PID in ISA standard form: derivative of the filtered PV, back-calculation against windup."""

    kp: float
    ti_s: float
    td_s: float = 0.0
    n: float = 10.0
    b: float = 1.0
    low: float = 0.0
    high: float = 100.0
    integral: float = 0.0
    derivative: float = 0.0
    last_pv: float | None = None

    def output(self, set_point: float, pv: float, step_s: float) -> float:
        """Return the output for this sample."""
        change = 0.0 if self.last_pv is None else pv - self.last_pv
        self.last_pv = pv
        filtered = self.td_s + self.n * step_s
        self.derivative = (self.td_s * self.derivative - self.kp * self.n * self.td_s * change) / filtered
        proportional = self.kp * (self.b * set_point - pv)
        wanted = proportional + self.integral + self.derivative
        applied = clamp(wanted, self.low, self.high)
        tracking_s = max(step_s, self.ti_s if self.td_s == 0.0 else (self.ti_s * self.td_s) ** 0.5)
        self.integral += self.kp * step_s / self.ti_s * (set_point - pv) + step_s / tracking_s * (
            applied - wanted
        )
        return applied


@dataclasses.dataclass(frozen=True)
class Sampling:
    """How often the controller acts and how old the value is that it acts on (plant seconds)."""

    period_s: float = 1.0
    delay_s: float = 0.0


@dataclasses.dataclass(frozen=True)
class TemperatureModel:
    """The vessel's temperature against the valve, near balance: a ramp behind two lags."""

    slope_hot: float
    """degC/s per % of valve above 50."""
    slope_cold: float
    """degC/s per % of valve below 50."""
    lag_s: float
    """Jacket and vessel coming together."""
    probe_s: float


def temperature_model(parameters: BioreactorParameters, celsius: float = 37.0) -> TemperatureModel:
    """Return the linear model that tuning rules for integrating processes take."""
    heating, mass_kg = parameters.heating(), parameters.volume_l
    watts = heating.service_kg_per_s * CP_J_PER_KG_K / 50.0
    capacity = (mass_kg + heating.jacket_kg) * CP_J_PER_KG_K
    together = mass_kg * heating.jacket_kg / (mass_kg + heating.jacket_kg)
    return TemperatureModel(
        slope_hot=watts * (heating.hot_degc - celsius) / capacity,
        slope_cold=watts * (celsius - heating.cold_degc) / capacity,
        lag_s=together * CP_J_PER_KG_K / heating.exchange_w_per_k,
        probe_s=15.0,
    )


@dataclasses.dataclass(frozen=True)
class Setting:
    """The bioreactor that the loop runs on."""

    parameters: BioreactorParameters = dataclasses.field(default_factory=BioreactorParameters)
    commands: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """Commands of the other actuators, as `Stir.Speed.SP`, where they differ from the safe ones."""


def simulate_step(
    pid: TextbookPid,
    step: tuple[float, float],
    duration_s: float,
    sampling: Sampling = Sampling(),
    setting: Setting = Setting(),
) -> tuple[list[float], list[float]]:
    """Return times and temperatures of a set-point step `(from, to)` of the closed loop.

    The loop has first held the old set-point for long enough to be at rest.
    """
    quiet = {"noise": 0.0, "drift": 0.0, "temperature_degc": step[0]}
    reactor = Bioreactor(setting.parameters.model_copy(update=quiet))
    for name, value in setting.commands.items():
        reactor.command(name, value)
    balance = reactor.vessel.temperatures.balance_valve(reactor.vessel.heating, 0.0)
    pid.integral = balance - pid.kp * (pid.b - 1.0) * step[0]
    held: list[float] = [step[0]] * (1 + round(sampling.delay_s / sampling.period_s))

    def run(set_point: float, seconds: float) -> list[float]:
        values = []
        for _ in range(round(seconds / sampling.period_s)):
            reactor.command("Jacket.Valve", pid.output(set_point, held[0], sampling.period_s))
            reactor.step(sampling.period_s)
            held.append(float(reactor.values["Temp.PV"]))
            del held[0]
            values.append(held[-1])
        return values

    run(step[0], 4.0 * 3600.0)
    values = run(step[1], duration_s)
    return [sampling.period_s * (i + 1) for i in range(len(values))], values


def step_response(
    pid: TextbookPid,
    step: tuple[float, float],
    duration_s: float = 7200.0,
    sampling: Sampling = Sampling(),
    setting: Setting = Setting(),
) -> StepResponse:
    """Return the figures that a set-point step `(from, to)` of the temperature loop must show.

    Raises:
        ValueError: with these settings it does not get to 90 % of the step in `duration_s`.
    """
    times_s, values = simulate_step(pid, step, duration_s, sampling, setting)
    return measure_step(times_s, values, *step)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a predicted step response as JSON."""
    parser = argparse.ArgumentParser(prog="python -m simulators.reference", description=main.__doc__)
    parser.add_argument("--kp", type=float, required=True, help="%% of valve per degC")
    parser.add_argument("--ti", type=float, required=True, help="plant seconds")
    parser.add_argument("--td", type=float, default=0.0, help="plant seconds")
    parser.add_argument("--n", type=float, default=10.0)
    parser.add_argument("--b", type=float, default=1.0)
    parser.add_argument("--from", dest="start", type=float, default=37.0, help="degC")
    parser.add_argument("--to", dest="end", type=float, default=36.0, help="degC")
    parser.add_argument("--duration", type=float, default=7200.0, help="plant seconds")
    parser.add_argument("--period", type=float, default=1.0, help="plant seconds between two outputs")
    parser.add_argument("--delay", type=float, default=0.0, help="age of the value acted on, plant seconds")
    parser.add_argument("--parameters", type=json.loads, default={}, help="the model's parameters, as JSON")
    parser.add_argument("--commands", type=json.loads, default={}, help="the other commands, as JSON")
    given = parser.parse_args(arguments)
    figures = step_response(
        TextbookPid(given.kp, given.ti, given.td, given.n, given.b),
        (given.start, given.end),
        given.duration,
        Sampling(given.period, given.delay),
        Setting(BioreactorParameters.model_validate(given.parameters), given.commands),
    )
    sys.stdout.write(json.dumps(dataclasses.asdict(figures)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
