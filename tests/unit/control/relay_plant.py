"""Processes for relay tests: lags in a row, perhaps an integrator, and a delay, moved by exact steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from control.kernels import autotune
from control.kernels.jit import kernel
from control.relay_layout import RELAY, RELAY_RUNNING
from control.rings import Rows
from gateway.tuning.model import Cycle

Values = npt.NDArray[np.float64]


@kernel
def experiment(
    rows: Rows, decay: Values, lags: Values, slope: float, delayed: Values, gain: float, load: float, h: float
) -> float:
    """Run the experiment in row 0 on a process; return the largest step of the output from its start."""
    row = rows[0]
    integral, place, furthest = 0.0, 0, 0.0
    while row["state"] == RELAY_RUNNING:
        u = autotune.level(row)
        furthest = max(furthest, abs(u - row["start_output"]))
        delayed[place] = row["sign"] * gain * u + load
        place = (place + 1) % len(delayed)
        x = delayed[place]
        for k in range(len(lags)):
            lags[k] = x + (lags[k] - x) * decay[k]
            x = lags[k]
        if slope != 0.0:
            integral += slope * x * h
            x = integral
        autotune.step(row, x, u, h)
    return furthest


@kernel
def begin(rows: Rows, sign: float, centre: float, pv: float, output: float, scale: float) -> None:
    autotune.begin(rows[0], sign, centre, pv, output, scale)


def relay(**fields: Any) -> Rows:
    """Return a RELAY row with a symmetric relay of 1 without hysteresis."""
    rows = np.zeros(1, RELAY)
    values = {"up": 1.0, "down": 1.0, "max_deviation": 1e3, "timeout_s": 1e4, "cycles": 3} | fields
    for name, value in values.items():
        rows[name] = value
    return rows


def swing(
    rows: Rows,
    lags: Sequence[float] = (),
    delay_s: float = 0.0,
    *,
    gain: float = 1.0,
    slope: float = 0.0,
    load: float = 0.0,
    sign: float = 1.0,
    h: float = 0.0005,
) -> Cycle:
    """Run an experiment to its end and return what it measured."""
    begin(rows, sign, 0.0, load, 0.0, 1.0)
    decay = np.array([math.exp(-h / lag) for lag in lags])
    states = np.full(len(lags), load, np.float64)
    delayed = np.full(round(delay_s / h) + 1, load, np.float64)
    experiment(rows, decay, states, slope, delayed, gain, load, h)
    return measured(rows)


def measured(rows: Rows) -> Cycle:
    """Return the cycle that row 0 has measured."""
    row = rows[0]
    cycle = Cycle(
        up=float(row["up"] * row["scale"]),
        down=float(row["down"] * row["scale"]),
        hysteresis=float(row["hysteresis"]),
        up_s=float(row["mean_up_s"]),
        down_s=float(row["mean_down_s"]),
        high=float(row["mean_high"]),
        low=float(row["mean_low"]),
    )
    return replace(
        cycle,
        rest=float(row["start_pv"] - row["centre"]),
        pv_shift=float(row["mean_pv"]),
        output_shift=float(row["mean_output"]),
    )
