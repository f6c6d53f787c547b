"""From the limit cycle of a relay test to the ultimate point and to a model of the process.

The describing function gives the ultimate point (Astrom and Hagglund 1984): the relay's first harmonic
over the PV's. It is an approximation: for a process that is mostly lag it is some 18 % low.

A model with one lag and a delay can be solved exactly: with the relay at its levels the PV moves on
exponentials whose ends are the measured peaks, so the peaks give delay / lag and the period gives the
lag. The gain comes from the means of PV and output over whole cycles, which an asymmetric relay moves
away from where they were. Where the output's mean does not move, the process integrates (or as good
as), and only its slope can be known; the exponentials are straight lines then.
"""

from __future__ import annotations

import math
from typing import Final

from gateway.tuning.model import Cycle, Integrator, Lag, Model, Ultimate, Unidentified

SMALLEST_SHIFT: Final = 0.01
"""Share of the relay's step by which the mean output must have moved for the gain to be known."""
LONGEST_LAG: Final = 100.0
"""Delays that fit into a lag before the process is taken to integrate."""


def ultimate_point(cycle: Cycle) -> Ultimate:
    """Return the ultimate point by the describing function, Ku = 4 d / (pi sqrt(a^2 - e^2)) where symmetric.

    The first harmonic of a relay that is on for the share s of the period is (up + down) 2/pi sin(pi s).

    Raises:
        Unidentified: the PV hardly left the hysteresis.
    """
    if not cycle.amplitude > cycle.hysteresis:
        raise Unidentified(
            f"the PV swung by ±{cycle.amplitude:.4g}, no more than the hysteresis of {cycle.hysteresis:.4g}"
        )
    harmonic = 2.0 / math.pi * (cycle.up + cycle.down) * math.sin(math.pi * cycle.up_s / cycle.period_s)
    return Ultimate(harmonic / math.sqrt(cycle.amplitude**2 - cycle.hysteresis**2), cycle.period_s)


def lag_of_gain(cycle: Cycle, gain: float) -> Lag:
    """Return the lag and delay of a process whose static gain is known: the exact inversion.

    With thresholds H = e - rest and L = -e - rest, and q = e^(-delay/lag):
    high - rest = K up - (K up - H) q, low - rest = -K down + (K down + L) q, and
    period = lag [2 delay/lag + ln((K up - low) / (K up - H)) + ln((K down + high) / (K down + L))].

    Raises:
        Unidentified: no such process has this cycle.
    """
    above, below = gain * cycle.up, gain * cycle.down
    high, low = cycle.high - cycle.rest, cycle.low - cycle.rest
    upper, lower = cycle.hysteresis - cycle.rest, -cycle.hysteresis - cycle.rest
    if not (above > high > upper and -below < low < lower):
        raise Unidentified(f"a gain of {gain:.4g} does not explain how far the PV swung")
    decay = math.sqrt((above - high) / (above - upper) * (below + low) / (below + lower))
    ratio = -math.log(decay)
    crossings = math.log((above - low) / (above - upper)) + math.log((below + high) / (below + lower))
    lag_s = cycle.period_s / (2.0 * ratio + crossings)
    return Lag(gain, lag_s, ratio * lag_s)


def integrator(cycle: Cycle) -> Integrator:
    """Return the integrating process that has this cycle.

    The peaks lie slope up delay above, and slope down delay below, the thresholds of the hysteresis.

    Raises:
        Unidentified: the PV hardly left the hysteresis.
    """
    rise = (cycle.high - cycle.low - 2.0 * cycle.hysteresis) / (cycle.up + cycle.down)
    if not rise > 0.0:
        raise Unidentified("the PV hardly left the hysteresis")
    ramps = (cycle.hysteresis - cycle.low) / cycle.up + (cycle.high + cycle.hysteresis) / cycle.down
    slope = (2.0 * rise + ramps) / cycle.period_s
    return Integrator(slope, rise / slope)


def model_of(cycle: Cycle) -> Model:
    """Return the model that fits a cycle: a lag with delay where its gain can be known, else an integrator.

    Raises:
        Unidentified: the PV moved against the loop's action, or fits neither.
    """
    step = (cycle.up + cycle.down) / 2.0
    if not math.isfinite(cycle.output_shift) or abs(cycle.output_shift) < SMALLEST_SHIFT * step:
        return integrator(cycle)
    gain = cycle.pv_shift / cycle.output_shift
    try:
        lag = lag_of_gain(cycle, gain)
    except Unidentified:
        return integrator(cycle)
    return lag if lag.lag_s <= LONGEST_LAG * lag.delay_s else integrator(cycle)


def limit_cycle(lag: Lag, relay: float) -> Ultimate:
    """Return amplitude (as `gain`) and period of the cycle that a symmetric relay without hysteresis gives.

    a = K d (1 - e^(-L/T)), Tu = 2 T ln(2 e^(L/T) - 1): what `lag_of_gain` inverts.
    """
    ratio = lag.delay_s / lag.lag_s
    return Ultimate(
        lag.gain * relay * -math.expm1(-ratio), 2.0 * lag.lag_s * math.log(2.0 * math.exp(ratio) - 1.0)
    )
