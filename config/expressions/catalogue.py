"""Every function of the language, by name."""

from __future__ import annotations

from typing import Final

from config.expressions.functions import Accepts, Function, Gives, Group, Parameter
from config.expressions.syntax import Truth

_X = Parameter("x", Accepts.SAME)
_NUMBER = Parameter("x", Accepts.NUMBER)
_PLAIN = Parameter("x", Accepts.PLAIN)
_CONDITION = Parameter("x", Accepts.CONDITION)
_EITHER = Parameter("x", Accepts.EITHER)
_T = Parameter("T", Accepts.DURATION)
_RESET = Parameter("reset", Accepts.CONDITION, default=Truth(value=False))
_LIMITS = (_X, Parameter("low", Accepts.SAME), Parameter("high", Accepts.SAME))
_LATCH = (Parameter("set", Accepts.CONDITION), Parameter("reset", Accepts.CONDITION))
_BRANCHES = (
    Parameter("condition", Accepts.CONDITION),
    Parameter("a", Accepts.EITHER),
    Parameter("b", Accepts.EITHER),
)
_MANY = (_X, Parameter("y", Accepts.SAME), Parameter("z", Accepts.SAME, repeated=True))
_PAIR = (_X, Parameter("y", Accepts.SAME, repeated=True))

_G = Group.NUMBERS
_NUMBERS = (
    Function("abs", _G, (_NUMBER,), Gives.SAME, "Magnitude of x.", example="abs(temp.pv - temp.sp) < 0.5"),
    Function("sign", _G, (_NUMBER,), Gives.PLAIN, "-1, 0 or 1, as x is negative, zero or positive."),
    Function("sqrt", _G, (_NUMBER,), Gives.ROOT, "Square root.", "Bad when x is negative."),
    Function("exp", _G, (_PLAIN,), Gives.PLAIN, "e to the power of x."),
    Function("ln", _G, (_PLAIN,), Gives.PLAIN, "Natural logarithm.", "Bad unless x is positive."),
    Function("log10", _G, (_PLAIN,), Gives.PLAIN, "Decimal logarithm.", "Bad unless x is positive."),
    Function(
        "plain", _G, (_EITHER,), Gives.PLAIN,
        "The number alone, without its unit, for empirical formulas; 1 or 0 for a condition.",
        example="0.03 * plain(temp.pv in K) - 2",
    ),
    Function("round", _G, (_NUMBER,), Gives.SAME, "Nearest whole number; a half goes to the even one."),
    Function("floor", _G, (_NUMBER,), Gives.SAME, "Largest whole number that is not above x."),
    Function("ceil", _G, (_NUMBER,), Gives.SAME, "Smallest whole number that is not below x."),
    Function(
        "mod", _G, (_X, Parameter("y", Accepts.SAME)), Gives.SAME,
        "Remainder of x / y, with the sign of y.", "Bad when y is 0.", "mod(rotation.count, 8)",
    ),
    Function("min", _G, _PAIR, Gives.SAME, "Smallest of the arguments."),
    Function("max", _G, _PAIR, Gives.SAME, "Largest of the arguments."),
    Function("mean", _G, _PAIR, Gives.SAME, "Arithmetic mean.", example="mean(t1.pv, t2.pv)"),
    Function(
        "median", _G, _MANY, Gives.SAME,
        "Middle one of the arguments; the mean of the middle two when their number is even.",
        example="median(level_a.pv, level_b.pv, level_c.pv)",
    ),
    Function(
        "limit", _G, _LIMITS, Gives.SAME,
        "x, but not below low and not above high; high wins where low is above it.",
        example="limit(feed.calculated, 0 mL/min, 5 mL/min)",
    ),
    Function(
        "select", _G, _BRANCHES, Gives.EITHER,
        "a while the condition is true, else b; the same as `if condition then a else b`.",
        "The branch that is not chosen does not count; bad while the condition is bad.",
        "select(pump.running, flow.pv, 0)",
    ),
    Function(
        "interp", _G, (_NUMBER, Parameter("xs", Accepts.TABLE), Parameter("ys", Accepts.TABLE)), Gives.TABLE,
        "Straight lines through the points (xs, ys); beyond the ends the first or last value. "
        "xs must rise.",
        example="interp(level.pv, [0, 50, 100] mm, [0, 12, 30] L)",
    ),
)  # fmt: skip

_G = Group.QUALITY
_GOOD = "Always good itself."
_QUALITY = (
    Function("good", _G, (_EITHER,), Gives.CONDITION, "True when x is good.", _GOOD),
    Function("uncertain", _G, (_EITHER,), Gives.CONDITION, "True when x is uncertain.", _GOOD),
    Function("bad", _G, (_EITHER,), Gives.CONDITION, "True when x is bad.", _GOOD),
    Function(
        "value_or", _G, (_EITHER, Parameter("y", Accepts.EITHER)), Gives.EITHER,
        "x, or y while x is bad.",
        "While y stands in, the quality is that of y with the reason 'substitute value'.",
        "value_or(temp_a.pv, temp_b.pv)",
    ),
    Function(
        "last_good", _G, (_NUMBER, _T), Gives.SAME,
        "x, or while x is bad its last value that was not, for at most T.",
        "Uncertain with the reason 'substitute value' while the last value stands in; bad after T.",
        "last_good(ph.pv, 30 s)", remembers=True,
    ),
    Function(
        "fail_value", _G, (Parameter("tag", Accepts.TAG),), Gives.SAME,
        "The fail value that the configuration gives a tag, a constant.", "Always good.",
        "value_or(temp.pv, fail_value(temp.pv))",
    ),
    Function(
        "mean_good", _G, _PAIR, Gives.SAME, "Mean of those arguments that are not bad.",
        "Uncertain when an argument is left out, bad when all are bad.", "mean_good(t1.pv, t2.pv)",
    ),
    Function(
        "median_good", _G, _MANY, Gives.SAME, "Middle one of those arguments that are not bad.",
        "Uncertain when an argument is left out, bad when all are bad.",
        "median_good(level_a.pv, level_b.pv, level_c.pv)",
    ),
)  # fmt: skip

_G = Group.TIME
_TIME = (
    Function(
        "ton", _G, (_CONDITION, _T), Gives.CONDITION,
        "On-delay (IEC 61131-3 TON): true once x has been true for T.",
        "While x is bad the timer stands still.", "ton(temp.pv > 38 degC, 10 s)", remembers=True,
    ),
    Function(
        "tof", _G, (_CONDITION, _T), Gives.CONDITION,
        "Off-delay (IEC 61131-3 TOF): true with x, and for T after x has gone false.",
        "While x is bad the timer stands still.", "tof(pump.running, 5 s)", remembers=True,
    ),
    Function(
        "tp", _G, (_CONDITION, _T), Gives.CONDITION,
        "Pulse (IEC 61131-3 TP): true for T from each time x goes true; what x does within the pulse "
        "does not matter.",
        "A running pulse ends in time also while x is bad; none starts.", "tp(dose.start, 2 s)",
        remembers=True,
    ),
    Function(
        "on_time", _G, (_CONDITION,), Gives.SECONDS, "Time for which x has been true; 0 while it is false.",
        "While x is bad the timer stands still.", "on_time(pump.running) > 1 h", remembers=True,
    ),
    Function(
        "unchanged", _G, (_EITHER,), Gives.SECONDS,
        "Time since x last had another value: a frozen sensor shows here.",
        "While x is bad the timer stands still.", "unchanged(ph.pv) > 10 min", remembers=True,
    ),
)  # fmt: skip

_G = Group.MEMORY
_MEMORY = (
    Function(
        "sr", _G, _LATCH,
        Gives.CONDITION, "Latch that set wins (IEC 61131-3 SR): true from set until reset.",
        "A true set acts whenever it is not bad; reset acts only while neither is bad.",
        "sr(level.pv > 90 %, ack.pv)", remembers=True,
    ),
    Function(
        "rs", _G, _LATCH,
        Gives.CONDITION, "Latch that reset wins (IEC 61131-3 RS): true from set until reset.",
        "A true reset acts whenever it is not bad; set acts only while neither is bad.", remembers=True,
    ),
    Function(
        "rising", _G, (_CONDITION,), Gives.CONDITION,
        "True for the one evaluation at which x has become true; never at the first one.",
        "Compares with the last x that was not bad.", remembers=True,
    ),
    Function(
        "falling", _G, (_CONDITION,), Gives.CONDITION,
        "True for the one evaluation at which x has become false; never at the first one.",
        "Compares with the last x that was not bad.", remembers=True,
    ),
    Function(
        "changed", _G, (_EITHER,), Gives.CONDITION,
        "True for the one evaluation at which x has another value than before; never at the first one.",
        "Compares with the last x that was not bad.", remembers=True,
    ),
    Function(
        "hysteresis", _G, _LIMITS,
        Gives.CONDITION, "True from x above high until x below low.", "Keeps its state while x is bad.",
        "hysteresis(level.pv, 20 %, 80 %)", remembers=True,
    ),
    Function(
        "sample", _G, (_EITHER, Parameter("when", Accepts.CONDITION)), Gives.EITHER,
        "x as it was when the condition last became true.",
        "The quality is that of x at that moment, and bad before the first one; while the condition is bad, "
        "the sample stays and is shown as bad.",
        "weight.pv - sample(weight.pv, feed.start)", remembers=True,
    ),
    Function(
        "count", _G, (_CONDITION, _RESET), Gives.PLAIN, "How often x has become true since the last reset.",
        "Compares with the last x that was not bad.", "count(reject.signal, reset=batch.start)",
        remembers=True,
    ),
)  # fmt: skip

_G = Group.WINDOW
_WINDOW = (
    Function(
        "lag", _G, (_NUMBER, _T), Gives.SAME,
        "First-order filter with the time constant T, exact for any scan period; starts at the first x.",
        "Holds while x is bad.", "lag(flow.pv, 5 s)", remembers=True,
    ),
    Function(
        "rate", _G, (_NUMBER, _T), Gives.RATE,
        "Rate of change, smoothed by a first-order filter with the time constant T; exact for a ramp.",
        "Holds while x is bad, and goes on from the first x after.", "rate(temp.pv, 1 min) > 0.5 K/min",
        remembers=True,
    ),
    Function(
        "integrate", _G, (_NUMBER, Parameter("per", Accepts.TIME_BASE), _RESET), Gives.TOTAL,
        "Total of a rate by the trapezoidal rule; `per` is the time base of x: 1 h for L/h.",
        "Adds nothing while x is bad, nor over a gap of more than ten periods; from then on it is uncertain "
        "until a reset.",
        "integrate(feed.flow, 1 h, reset=batch.start)", remembers=True,
    ),
    Function(
        "highest", _G, (_NUMBER, _RESET), Gives.SAME, "Largest x since the last reset.",
        "A bad x is passed over.", remembers=True,
    ),
    Function(
        "lowest", _G, (_NUMBER, _RESET), Gives.SAME, "Smallest x since the last reset.",
        "A bad x is passed over.", remembers=True,
    ),
    Function(
        "moving_average", _G, (_NUMBER, _T), Gives.SAME,
        "Mean of x over the last T, each value weighted with its time. The window moves in 60 steps.",
        "A bad x is left out; values leave the window as time goes on.", "moving_average(do.pv, 10 min)",
        remembers=True,
    ),
    Function(
        "moving_min", _G, (_NUMBER, _T), Gives.SAME,
        "Smallest x of the last T; the window moves in 60 steps.",
        "A bad x is left out; values leave the window as time goes on.", remembers=True,
    ),
    Function(
        "moving_max", _G, (_NUMBER, _T), Gives.SAME,
        "Largest x of the last T; the window moves in 60 steps.",
        "A bad x is left out; values leave the window as time goes on.", remembers=True,
    ),
)  # fmt: skip

FUNCTIONS: Final[dict[str, Function]] = {
    function.name: function for function in (*_NUMBERS, *_QUALITY, *_TIME, *_MEMORY, *_WINDOW)
}
