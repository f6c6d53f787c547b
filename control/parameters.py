"""The parameters of a loop that people tune: their names, what they measure, their present values."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from config.site import Site
from control import signal
from control.state import State


class Measure(enum.Enum):
    """What a parameter is measured in."""

    NUMBER = "number"
    """A plain number; a gain is in output unit per unit of what it acts on."""
    TIME = "time"
    """Seconds of the plant."""
    PV = "PV"
    PV_SPAN = "PV difference"
    PV_RATE = "PV per second"
    OUTPUT = "output"
    OUTPUT_RATE = "output per second"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that a command can change."""

    number: int
    """TUNE_* of `control.signal`."""
    measure: Measure


PARAMETERS: Final = {
    "kp": Parameter(signal.TUNE_KP, Measure.NUMBER),
    "ti": Parameter(signal.TUNE_TI, Measure.TIME),
    "td": Parameter(signal.TUNE_TD, Measure.TIME),
    "n": Parameter(signal.TUNE_N, Measure.NUMBER),
    "b": Parameter(signal.TUNE_B, Measure.NUMBER),
    "c": Parameter(signal.TUNE_C, Measure.NUMBER),
    "tt": Parameter(signal.TUNE_TT, Measure.TIME),
    "bias": Parameter(signal.TUNE_BIAS, Measure.OUTPUT),
    "gap": Parameter(signal.TUNE_GAP, Measure.PV_SPAN),
    "gap_gain": Parameter(signal.TUNE_GAP_GAIN, Measure.NUMBER),
    "pv_filter": Parameter(signal.TUNE_PV_FILTER, Measure.TIME),
    "feed_forward.gain": Parameter(signal.TUNE_FEED_GAIN, Measure.NUMBER),
    "feed_forward.lead": Parameter(signal.TUNE_FEED_LEAD, Measure.TIME),
    "feed_forward.lag": Parameter(signal.TUNE_FEED_LAG, Measure.TIME),
    "sp_low": Parameter(signal.TUNE_SP_LOW, Measure.PV),
    "sp_high": Parameter(signal.TUNE_SP_HIGH, Measure.PV),
    "sp_rate": Parameter(signal.TUNE_SP_RATE, Measure.PV_RATE),
    "sp_hold": Parameter(signal.TUNE_SP_HOLD, Measure.PV_SPAN),
    "out_low": Parameter(signal.TUNE_OUT_LOW, Measure.OUTPUT),
    "out_high": Parameter(signal.TUNE_OUT_HIGH, Measure.OUTPUT),
    "out_rate": Parameter(signal.TUNE_OUT_RATE, Measure.OUTPUT_RATE),
    "out_rate_down": Parameter(signal.TUNE_OUT_RATE_DOWN, Measure.OUTPUT_RATE),
    "remote.ratio": Parameter(signal.TUNE_RATIO, Measure.NUMBER),
    "remote.bias": Parameter(signal.TUNE_RATIO_BIAS, Measure.PV_SPAN),
}
"""By the name that the configuration has for them."""

NAMES: Final = {parameter.number: name for name, parameter in PARAMETERS.items()}


def present(state: State) -> dict[str, npt.NDArray[np.float64]]:
    """Return the present parameters of all loops, each in the order of the site's loops.

    Other threads may ask: a value is never torn, but two of them may be of neighbouring scans.
    """
    loops, shaping, row = state.loops, state.shaping, state.loops.row
    factor = row["time_factor"]
    values = {
        "kp": np.abs(row["kp"]),
        "ti": row["ti"] / factor,
        "td": row["td"] / factor,
        "n": loops.n,
        "b": loops.b,
        "c": loops.c,
        "tt": row["tt"] / factor,
        "bias": shaping.bias,
        "gap": shaping.gap,
        "gap_gain": shaping.gap_gain,
        "pv_filter": shaping.filter_s / factor,
        "feed_forward.gain": shaping.gain,
        "feed_forward.lead": row["lead_s"] / factor,
        "feed_forward.lag": shaping.lag_s / factor,
        "sp_low": row["sp_low"],
        "sp_high": row["sp_high"],
        "sp_rate": loops.sp_rate * factor,
        "sp_hold": shaping.sp_hold,
        "out_low": loops.out_low,
        "out_high": loops.out_high,
        "out_rate": loops.out_rate * factor,
        "out_rate_down": loops.out_rate_down * factor,
        "remote.ratio": _of_remotes(state, "ratio"),
        "remote.bias": _of_remotes(state, "bias"),
    }
    return {name: column[state.maps.loop_row] for name, column in values.items()}


def _of_remotes(state: State, field: str) -> npt.NDArray[np.float64]:
    """Return a field of the remote set-points by loop; infinite where a loop has none."""
    column = np.full(len(state.loops.row), np.inf)
    column[state.structures.remotes["loop"]] = state.structures.remotes[field]
    return column


def value_of(site: Site, state: State, name: str) -> float:
    """Return the present value of `<loop>.<parameter>`.

    Raises:
        KeyError: there is no such loop or parameter.
    """
    for position, loop in enumerate(site.loops):
        parameter = name.removeprefix(f"{loop}.")
        if parameter != name and parameter in PARAMETERS:
            return float(present(state)[parameter][position])
    raise KeyError(name)
