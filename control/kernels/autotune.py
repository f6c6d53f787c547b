"""The relay experiment (Astrom and Hagglund 1984): makes one loop swing within bounds and measures how.

A relay with hysteresis around the set-point takes the law's place: below it the output is `up` above
where it was, above it `down` below. A process under it swings at about its ultimate period. With
unequal steps the means of PV and output move, too, which gives the static gain.

Cycles are measured from one push up to the next; when two after another are alike, they count, and
their means are the result. What follows from it is decided by people, elsewhere.
"""

from __future__ import annotations

import math

from control.kernels.jit import inlined, part
from control.relay_layout import (
    ABORT_DEVIATION,
    ABORT_NONE,
    ABORT_TIMEOUT,
    ALIKE,
    RELAY_ABORTED,
    RELAY_FINISHED,
    RELAY_RUNNING,
)
from control.rings import Row


@part
def begin(row: Row, sign: float, centre: float, pv: float, output: float, scale: float) -> None:
    """Begin an experiment from a loop at rest.

    Args:
        row: RELAY row.
        sign: 1 where a higher output raises the PV, -1 where it lowers it.
        centre: set-point.
        pv: PV now.
        output: output now: the experiment moves around it, and returns to it.
        scale: share of the configured step, at most 1.
    """
    row["state"] = RELAY_RUNNING
    row["cause"] = ABORT_NONE
    row["sign"], row["centre"], row["scale"] = sign, centre, scale
    row["start_pv"], row["start_output"] = pv, output
    row["pushes"] = 1 if pv < centre else -1
    row["elapsed_s"] = row["half_s"] = row["up_s"] = 0.0
    row["high"], row["low"] = -math.inf, math.inf
    row["pv_area"] = row["output_area"] = row["period_s"] = row["swing"] = 0.0
    _forget(row)


@inlined
def level(row: Row) -> float:
    """Return the output that the relay asks for now."""
    step: float = row["up"] if row["pushes"] > 0 else -row["down"]
    value: float = row["start_output"] + row["sign"] * row["scale"] * step
    return value


@part
def step(row: Row, pv: float, output: float, step_s: float) -> None:
    """Take the PV that a step with this output has led to; switch, measure, finish or abort.

    Args:
        row: RELAY row of a running experiment.
        pv: usable PV now.
        output: really applied during the step.
        step_s: duration of the step.
    """
    e = pv - row["centre"]
    row["elapsed_s"] += step_s
    row["half_s"] += step_s
    row["pv_area"] += (pv - row["start_pv"]) * step_s
    row["output_area"] += row["sign"] * (output - row["start_output"]) * step_s
    row["high"], row["low"] = max(row["high"], e), min(row["low"], e)
    if not abs(e) <= row["max_deviation"]:
        abort(row, ABORT_DEVIATION)
    elif row["elapsed_s"] > row["timeout_s"]:
        abort(row, ABORT_TIMEOUT)
    elif row["pushes"] > 0 and e > row["hysteresis"]:
        row["pushes"] = -1
        row["up_s"] = row["half_s"]
        row["half_s"] = 0.0
    elif row["pushes"] < 0 and e < -row["hysteresis"]:
        _end_cycle(row)
        row["pushes"] = 1
        row["half_s"] = row["up_s"] = row["pv_area"] = row["output_area"] = 0.0
        row["high"], row["low"] = -math.inf, math.inf


@part
def abort(row: Row, cause: int) -> None:
    """End the experiment without a result."""
    row["state"] = RELAY_ABORTED
    row["cause"] = cause


@part
def _end_cycle(row: Row) -> None:
    """Judge the cycle that ends, and finish when enough were alike."""
    period_s, swing = row["up_s"] + row["half_s"], row["high"] - row["low"]
    alike = (
        row["period_s"] > 0.0
        and row["up_s"] > 0.0
        and abs(period_s - row["period_s"]) <= ALIKE * row["period_s"]
        and abs(swing - row["swing"]) <= ALIKE * row["swing"]
    )
    row["period_s"] = period_s if row["up_s"] > 0.0 else 0.0
    row["swing"] = swing
    if not alike:
        _forget(row)
        return
    row["alike"] += 1
    row["mean_up_s"] += row["up_s"]
    row["mean_down_s"] += row["half_s"]
    row["mean_high"] += row["high"]
    row["mean_low"] += row["low"]
    row["mean_pv"] += row["pv_area"]
    row["mean_output"] += row["output_area"]
    if row["alike"] >= row["cycles"]:
        _conclude(row)


@part
def _conclude(row: Row) -> None:
    """Turn the sums into means."""
    alike, total_s = row["alike"], row["mean_up_s"] + row["mean_down_s"]
    row["mean_pv"] /= total_s
    row["mean_output"] /= total_s
    row["mean_up_s"] /= alike
    row["mean_down_s"] /= alike
    row["mean_high"] /= alike
    row["mean_low"] /= alike
    row["state"] = RELAY_FINISHED


@part
def _forget(row: Row) -> None:
    """Empty the sums."""
    row["alike"] = 0
    row["mean_up_s"] = row["mean_down_s"] = row["mean_high"] = row["mean_low"] = 0.0
    row["mean_pv"] = row["mean_output"] = 0.0
