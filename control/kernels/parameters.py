"""Parameters of a loop by number: what they are, and how they change without a bump.

Times are wall-clock seconds in the tables and plant seconds at the door, rates likewise.
"""

from __future__ import annotations

import math

from control.kernels.filters import clamp
from control.kernels.jit import inlined, part
from control.kernels.pid import MAX_GAIN, MIN_TIME_S, derive, settle, standing
from control.rings import Rows
from control.shaping_state import Shaping
from control.signal import (
    REFUSED_INVALID,
    REFUSED_RANGE,
    TUNE_B,
    TUNE_BIAS,
    TUNE_C,
    TUNE_FEED_GAIN,
    TUNE_FEED_LAG,
    TUNE_FEED_LEAD,
    TUNE_GAP,
    TUNE_GAP_GAIN,
    TUNE_KP,
    TUNE_N,
    TUNE_OUT_HIGH,
    TUNE_OUT_LOW,
    TUNE_OUT_RATE,
    TUNE_OUT_RATE_DOWN,
    TUNE_PV_FILTER,
    TUNE_SP_HIGH,
    TUNE_SP_HOLD,
    TUNE_SP_LOW,
    TUNE_SP_RATE,
    TUNE_TD,
    TUNE_TI,
    TUNE_TT,
)
from control.state import Loops

FITS = 0
"""What `unfit` returns for a value that a parameter may have."""


@part
def parameter_of(loops: Loops, shaping: Shaping, i: int, parameter: int) -> float:
    """Return a parameter of loop `i` as people know it; NaN for a number that is none."""
    row = loops.row[i]
    factor: float = row["time_factor"]
    value = math.nan
    if parameter == TUNE_KP:
        value = abs(row["kp"])
    elif parameter == TUNE_TI:
        value = row["ti"] / factor
    elif parameter == TUNE_TD:
        value = row["td"] / factor
    elif parameter == TUNE_TT:
        value = row["tt"] / factor
    elif parameter == TUNE_N:
        value = loops.n[i]
    elif parameter == TUNE_B:
        value = loops.b[i]
    elif parameter == TUNE_C:
        value = loops.c[i]
    elif parameter == TUNE_SP_LOW:
        value = row["sp_low"]
    elif parameter == TUNE_SP_HIGH:
        value = row["sp_high"]
    elif parameter == TUNE_SP_RATE:
        value = loops.sp_rate[i] * factor
    elif parameter == TUNE_OUT_LOW:
        value = loops.out_low[i]
    elif parameter == TUNE_OUT_HIGH:
        value = loops.out_high[i]
    elif parameter == TUNE_OUT_RATE:
        value = loops.out_rate[i] * factor
    elif parameter == TUNE_OUT_RATE_DOWN:
        value = loops.out_rate_down[i] * factor
    else:
        value = _shaping_of(shaping, i, parameter, factor, row["lead_s"])
    return value


@inlined
def _shaping_of(shaping: Shaping, i: int, parameter: int, factor: float, lead_s: float) -> float:
    value = math.nan
    if parameter == TUNE_BIAS:
        value = shaping.bias[i]
    elif parameter == TUNE_SP_HOLD:
        value = shaping.sp_hold[i]
    elif parameter == TUNE_PV_FILTER:
        value = shaping.filter_s[i] / factor
    elif parameter == TUNE_GAP:
        value = shaping.gap[i]
    elif parameter == TUNE_GAP_GAIN:
        value = shaping.gap_gain[i]
    elif parameter == TUNE_FEED_GAIN:
        value = shaping.gain[i]
    elif parameter == TUNE_FEED_LEAD:
        value = lead_s / factor
    elif parameter == TUNE_FEED_LAG:
        value = shaping.lag_s[i] / factor
    return value


@part
def set_parameter(loops: Loops, shaping: Shaping, groups: Rows, i: int, parameter: int, value: float) -> int:
    """Give a parameter of loop `i` another value; return FITS, or REFUSED_* and change nothing.

    The output does not move: the integral takes over what the other terms lose or gain, and the
    derivative's last input is what it would have been under the new weight. Narrower limits of the
    output are the exception: an output outside them goes to the limit, as fast as its rate allows.
    """
    cause = unfit(loops, shaping, i, parameter, value)
    if cause != FITS:
        return cause
    row = loops.row[i]
    factor = row["time_factor"]
    before = standing(loops, i)
    if parameter == TUNE_KP:
        row["kp"] = -value if row["direct"] != 0 else value
    elif parameter == TUNE_TI:
        row["ti"] = value * factor
    elif parameter == TUNE_TD:
        row["td"] = value * factor
    elif parameter == TUNE_TT:
        row["tt"] = value * factor
        row["default_tt"] = 1 if value == 0.0 else 0
    elif parameter == TUNE_N:
        loops.n[i] = value
    elif parameter == TUNE_B:
        loops.b[i] = value
    elif parameter == TUNE_C:
        loops.weighted[i] += (value - loops.c[i]) * loops.sp[i]
        loops.c[i] = value
    elif parameter == TUNE_SP_LOW:
        row["sp_low"] = value
    elif parameter == TUNE_SP_HIGH:
        row["sp_high"] = value
    elif parameter == TUNE_SP_RATE:
        loops.sp_rate[i] = value / factor
    elif parameter == TUNE_OUT_LOW:
        loops.out_low[i] = value
    elif parameter == TUNE_OUT_HIGH:
        loops.out_high[i] = value
    elif parameter == TUNE_OUT_RATE:
        loops.out_rate[i] = value / factor
    elif parameter == TUNE_OUT_RATE_DOWN:
        loops.out_rate_down[i] = value / factor
    elif parameter == TUNE_BIAS:
        shaping.bias[i] = value
        loops.bias[i] = value + shaping.feed[i]
    else:
        _set_shaping(loops, shaping, i, parameter, value, factor)
        row["shaped"] = 1
        groups[row["group"]]["shaped"] = 1
    derive(loops, i)
    settle(loops, i, before)
    return FITS


@inlined
def _set_shaping(loops: Loops, shaping: Shaping, i: int, parameter: int, value: float, factor: float) -> None:
    if parameter == TUNE_SP_HOLD:
        shaping.sp_hold[i] = value
    elif parameter == TUNE_PV_FILTER:
        shaping.filter_s[i] = value * factor
    elif parameter in (TUNE_GAP, TUNE_GAP_GAIN):
        if math.isfinite(shaping.filtered[i]):
            # The law's PV moves with the gap: the derivative has not seen that as a movement.
            deviation = loops.sp[i] - shaping.filtered[i]
            gap = value if parameter == TUNE_GAP else shaping.gap[i]
            gain = value if parameter == TUNE_GAP_GAIN else shaping.gap_gain[i]
            seen = shaping.filtered[i] + (1.0 - gain) * clamp(deviation, -gap, gap)
            loops.weighted[i] -= seen - loops.y[i]
            loops.y[i] = seen
        if parameter == TUNE_GAP:
            shaping.gap[i] = value
        else:
            shaping.gap_gain[i] = value
    else:
        shaping.lagged[i] = math.nan
        if parameter == TUNE_FEED_GAIN:
            shaping.gain[i] = value
        elif parameter == TUNE_FEED_LEAD:
            loops.row[i]["lead_s"] = value * factor
        else:
            shaping.lag_s[i] = value * factor
        lag_s = shaping.lag_s[i]
        shaping.lead[i] = loops.row[i]["lead_s"] / lag_s if lag_s > 0.0 else 0.0


@part
def unfit(loops: Loops, shaping: Shaping, i: int, parameter: int, value: float) -> int:
    """Return FITS for a value that a parameter of loop `i` may have, or the cause of refusal."""
    row = loops.row[i]
    whole = parameter == TUNE_TI and (row["integral_only"] != 0 or row["incremental"] != 0)
    fits = True
    if math.isnan(parameter_of(loops, shaping, i, parameter)) or math.isnan(value):
        return REFUSED_INVALID
    if parameter == TUNE_KP:
        fits = 0.0 < value <= MAX_GAIN
    elif parameter in (TUNE_TI, TUNE_TD, TUNE_TT, TUNE_PV_FILTER, TUNE_FEED_LAG):
        fits = (value == 0.0 and not whole) or MIN_TIME_S <= value < math.inf
        if parameter == TUNE_TD and row["integral_only"] != 0:
            fits = value == 0.0
        if parameter == TUNE_FEED_LAG:
            fits = fits and (value > 0.0 or shaping.lead[i] == 0.0)
    elif parameter == TUNE_FEED_LEAD:
        fits = value == 0.0 or (0.0 < value < math.inf and shaping.lag_s[i] > 0.0)
    elif parameter == TUNE_N:
        fits = 1.0 <= value <= 100.0
    elif parameter in (TUNE_B, TUNE_C, TUNE_GAP_GAIN):
        fits = 0.0 <= value <= 1.0
    elif parameter in (TUNE_SP_RATE, TUNE_OUT_RATE, TUNE_OUT_RATE_DOWN, TUNE_SP_HOLD):
        fits = value > 0.0
    elif parameter == TUNE_GAP:
        fits = 0.0 <= value < math.inf
    elif parameter == TUNE_SP_LOW:
        fits = value <= min(loops.target[i], loops.sp[i])
    elif parameter == TUNE_SP_HIGH:
        fits = value >= max(loops.target[i], loops.sp[i])
    elif parameter == TUNE_OUT_LOW:
        fits = value < loops.out_high[i]
    elif parameter == TUNE_OUT_HIGH:
        fits = value > loops.out_low[i]
    else:
        fits = math.isfinite(value) and (parameter != TUNE_FEED_GAIN or row["fed_forward"] != 0)
    return FITS if fits else REFUSED_RANGE
