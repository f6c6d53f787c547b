"""The language evaluated in plain Python, straight from the tree: what the compiled kernel must equal.

It shares nothing with the compiler or the kernel but the tree and the names of the quality bits. A bad
result has no value here, so anything that would depend on one fails at once.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from config.expressions.syntax import (
    Binary,
    Call,
    Conditional,
    Node,
    Number,
    Reference,
    Table,
    Truth,
    Unary,
)
from control import signal

GOOD, UNCERTAIN, BAD = 0, 1, 2
_OF_ONE_SAMPLE = {signal.OVERFLOW, signal.CLOCK, signal.HISTORY}
_FAILURES = {
    signal.COMM, signal.STALE, signal.DEVICE, signal.SENSOR, signal.CONFIG, signal.NOT_A_NUMBER,
    signal.OUT_OF_SERVICE,
}  # fmt: skip


class Sample(NamedTuple):
    """A value with its quality taken apart."""

    value: float
    severity: int = GOOD
    reasons: frozenset[int] = frozenset()

    @property
    def bad(self) -> bool:
        """Whether there is no value to compute with."""
        return self.severity == BAD

    @property
    def word(self) -> int:
        """The quality as the program writes it."""
        return (0, signal.UNCERTAIN, signal.BAD)[self.severity] | sum(self.reasons)


def inherited(sample: Sample) -> Sample:
    """Return a tag's sample as an expression sees it."""
    reasons = sample.reasons - _OF_ONE_SAMPLE
    if sample.severity != BAD and not math.isfinite(sample.value):
        return Sample(math.nan, BAD, frozenset({signal.INPUT, signal.NOT_A_NUMBER}))
    if sample.severity != GOOD:
        reasons |= {signal.INPUT}
    return Sample(sample.value, sample.severity, reasons)


def _worst(*parts: Sample) -> tuple[int, frozenset[int]]:
    return max(part.severity for part in parts), frozenset().union(*(part.reasons for part in parts))


def _bad(*parts: Sample, why: int | None = None) -> Sample:
    _, reasons = _worst(*parts)
    return Sample(math.nan, BAD, reasons | ({why} if why else set()))


def _result(value: float | Callable[[], float], *parts: Sample) -> Sample:
    """Return what is computed from parts that all count."""
    if any(part.bad for part in parts):
        return _bad(*parts)
    try:
        number = value() if callable(value) else value
    except (ZeroDivisionError, OverflowError, ValueError):
        number = math.nan
    if isinstance(number, complex) or not math.isfinite(number):
        return _bad(*parts, why=signal.NOT_A_NUMBER)
    return Sample(float(number), *_worst(*parts))


class Oracle:
    """An expression with its past."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self.past: dict[tuple[int, ...], dict[str, Any]] = {}

    def step(self, inputs: Mapping[str, Sample], elapsed: float, *, gap: bool) -> Sample:
        """Return the result of one evaluation."""
        self.inputs = {name: inherited(sample) for name, sample in inputs.items()}
        self.elapsed, self.gap = elapsed, gap
        result = self.visit(self.root, ())
        if result.bad and result.reasons & _FAILURES:
            result = result._replace(reasons=result.reasons - {signal.WAITING})
        return result

    def visit(self, node: Node, path: tuple[int, ...]) -> Sample:
        """Return the value of a node; `path` tells it from every other one."""
        match node:
            case Number():
                return Sample(node.value * {"": 1.0, "s": 1.0, "min": 60.0}[node.unit])
            case Truth():
                return Sample(float(node.value))
            case Reference():
                return self.inputs[node.name]
            case Unary():
                part = self.visit(node.operand, (*path, 0))
                return _result(1.0 - part.value if node.operator == "not" else -part.value, part)
            case Binary("and" | "or"):
                left, right = self.visit(node.left, (*path, 0)), self.visit(node.right, (*path, 1))
                return _logic(left, right, deciding=node.operator == "or")
            case Binary():
                left, right = self.visit(node.left, (*path, 0)), self.visit(node.right, (*path, 1))
                return _result(lambda: _OPERATORS[node.operator](left.value, right.value), left, right)
            case Conditional():
                parts = (node.condition, node.chosen, node.otherwise)
                condition, chosen, other = (self.visit(p, (*path, i)) for i, p in enumerate(parts))
                branch = chosen if condition.value else other
                return _bad(condition) if condition.bad else _result(branch.value, condition, branch)
            case Call():
                return self.call(node, path)
        raise AssertionError(node)

    def call(self, node: Call, path: tuple[int, ...]) -> Sample:
        """Return the value of a call."""
        if node.name == "interp":
            x = self.visit(node.arguments[0], (*path, 0))
            return _result(lambda: _interpolated(x.value, *node.arguments[1:]), x)
        parts = [self.visit(part, (*path, i)) for i, part in enumerate(node.arguments)]
        plain = _PLAIN.get(node.name)
        if plain is not None:
            return _result(lambda: plain(*(part.value for part in parts)), *parts)
        special: Callable[..., Sample] = getattr(self, f"f_{node.name}")
        return special(self.past.setdefault(path, {}), *parts)

    # --- quality

    def f_good(self, past: dict[str, Any], x: Sample) -> Sample:
        return Sample(float(x.severity == GOOD))

    def f_uncertain(self, past: dict[str, Any], x: Sample) -> Sample:
        return Sample(float(x.severity == UNCERTAIN))

    def f_bad(self, past: dict[str, Any], x: Sample) -> Sample:
        return Sample(float(x.bad))

    def f_value_or(self, past: dict[str, Any], x: Sample, y: Sample) -> Sample:
        return x if not x.bad else y._replace(reasons=y.reasons | {signal.SUBSTITUTE})

    def f_last_good(self, past: dict[str, Any], x: Sample, longest: Sample) -> Sample:
        if not x.bad:
            past.update(last=x, age=0.0)
            return x
        if self.gap:
            past.clear()
        if "last" in past:
            past["age"] += self.elapsed
            if not longest.bad and past["age"] <= longest.value:
                reasons = past["last"].reasons | {signal.SUBSTITUTE, signal.INPUT}
                return Sample(past["last"].value, UNCERTAIN, reasons)
        return _bad(x, longest)

    def f_mean_good(self, past: dict[str, Any], *parts: Sample) -> Sample:
        return _over_good(lambda values: sum(values) / len(values), parts)

    def f_median_good(self, past: dict[str, Any], *parts: Sample) -> Sample:
        return _over_good(statistics.median, parts)

    # --- time: `since` counts the time of a condition that holds

    def f_on_time(self, past: dict[str, Any], x: Sample) -> Sample:
        if not x.bad:
            past["since"] = (
                None
                if not x.value
                else past["since"] + self.elapsed
                if past.get("since") is not None
                else 0.0
            )
        return _result(past.get("since") or 0.0, x)

    def f_ton(self, past: dict[str, Any], x: Sample, delay: Sample) -> Sample:
        if not (x.bad or delay.bad):
            self.f_on_time(past, x)
        since = past.get("since")
        return _result(lambda: float(since is not None and since >= delay.value), x, delay)

    def f_tof(self, past: dict[str, Any], x: Sample, delay: Sample) -> Sample:
        if not (x.bad or delay.bad):
            if x.value:
                past["left"] = math.inf
            elif past.get("left") == math.inf:
                past["left"], past["gone"] = delay.value, 0.0
            elif past.get("left") is not None:
                past["gone"] += self.elapsed
            if past.get("left") is not None and past["left"] != math.inf and past["gone"] >= delay.value:
                past["left"] = None
        return _result(float(past.get("left") is not None), x, delay)

    def f_tp(self, past: dict[str, Any], x: Sample, length: Sample) -> Sample:
        if past.get("run") is not None:
            past["run"] += self.elapsed
            if length.bad or past["run"] >= length.value:
                past["run"] = None
        if self._edge(past, x, length) == (False, True) and past.get("run") is None and length.value > 0:
            past["run"] = 0.0
        return _result(float(past.get("run") is not None), x, length)

    def f_unchanged(self, past: dict[str, Any], x: Sample) -> Sample:
        if not x.bad:
            same = "x" in past and past["x"] == x.value
            past["time"] = past["time"] + self.elapsed if same else 0.0
            past["x"] = x.value
        return _result(past.get("time", 0.0), x)

    # --- memory

    def _edge(self, past: dict[str, Any], x: Sample, *others: Sample) -> tuple[bool | None, bool] | None:
        """Return what a condition was and is, or nothing while it cannot be seen."""
        if x.bad or any(other.bad for other in others):
            return None
        before = past.get("before")
        past["before"] = bool(x.value)
        return before, bool(x.value)

    def f_rising(self, past: dict[str, Any], x: Sample) -> Sample:
        return _result(float(self._edge(past, x) == (False, True)), x)

    def f_falling(self, past: dict[str, Any], x: Sample) -> Sample:
        return _result(float(self._edge(past, x) == (True, False)), x)

    def f_changed(self, past: dict[str, Any], x: Sample) -> Sample:
        if x.bad:
            return _bad(x)
        before = past.get("x", x.value)
        past["x"] = x.value
        return _result(float(before != x.value), x)

    def f_count(self, past: dict[str, Any], x: Sample, reset: Sample) -> Sample:
        past["n"] = past.get("n", 0) + (self._edge(past, x) == (False, True))
        if not reset.bad and reset.value:
            past["n"] = 0
        return _result(float(past["n"]), x, reset)

    def f_sr(self, past: dict[str, Any], set_: Sample, reset: Sample) -> Sample:
        if not set_.bad and set_.value:
            past["on"] = True
        elif not set_.bad and not reset.bad and reset.value:
            past["on"] = False
        return _result(float(past.get("on", False)), set_, reset)

    def f_rs(self, past: dict[str, Any], set_: Sample, reset: Sample) -> Sample:
        if not reset.bad and reset.value:
            past["on"] = False
        elif not set_.bad and not reset.bad and set_.value:
            past["on"] = True
        return _result(float(past.get("on", False)), set_, reset)

    def f_hysteresis(self, past: dict[str, Any], x: Sample, low: Sample, high: Sample) -> Sample:
        above = _result(lambda: float(x.value > high.value), x, high)
        below = _result(lambda: float(x.value < low.value), x, low)
        return self.f_sr(past, above, below)

    def f_sample(self, past: dict[str, Any], x: Sample, when: Sample) -> Sample:
        if self._edge(past, when) == (False, True):
            past["sample"] = x
        taken: Sample | None = past.get("sample")
        if taken is None:
            return _bad(when, why=signal.WAITING)
        return _bad(taken, when) if taken.bad or when.bad else _result(taken.value, taken, when)

    # --- filters

    def f_lag(self, past: dict[str, Any], x: Sample, constant: Sample) -> Sample:
        if not (x.bad or constant.bad):
            if "y" not in past:
                past["y"] = x.value
            else:
                share = -math.expm1(-self.elapsed / constant.value) if constant.value > 0 else 1.0
                past["y"] += (x.value - past["y"]) * share
                if not math.isfinite(past["y"]):
                    past["y"] = x.value
        return _result(past.get("y", math.nan), x, constant)

    def f_rate(self, past: dict[str, Any], x: Sample, constant: Sample) -> Sample:
        slope = past.setdefault("slope", 0.0)
        if x.bad or constant.bad:
            past.pop("x", None)
            return _bad(x, constant)
        if "x" in past and not self.gap and self.elapsed > 0:
            share = -math.expm1(-self.elapsed / constant.value) if constant.value > 0 else 1.0
            slope += ((x.value - past["x"]) / self.elapsed - slope) * share
            past["slope"] = slope if math.isfinite(slope) else 0.0
        past["x"] = x.value
        return _result(past["slope"], x, constant)

    def f_integrate(self, past: dict[str, Any], x: Sample, per: Sample, reset: Sample) -> Sample:
        rate = _result(lambda: x.value / per.value, x, per)
        total, last = past.setdefault("total", 0.0), past.get("last")
        if not reset.bad and reset.value:
            past.update(total=0.0, part=False)
        elif last is not None and (rate.bad or self.gap):
            past["part"] = True
        elif last is not None:
            past["total"] = total + (last + rate.value) * 0.5 * self.elapsed
        past["last"] = None if rate.bad else rate.value
        result = _result(past["total"], rate, reset)
        if past.get("part"):
            result = Sample(result.value, max(result.severity, UNCERTAIN), result.reasons | {signal.INPUT})
        return result

    def f_highest(self, past: dict[str, Any], x: Sample, reset: Sample) -> Sample:
        return self._extreme(past, x, reset, max)

    def f_lowest(self, past: dict[str, Any], x: Sample, reset: Sample) -> Sample:
        return self._extreme(past, x, reset, min)

    def _extreme(
        self, past: dict[str, Any], x: Sample, reset: Sample, pick: Callable[[float, float], float]
    ) -> Sample:
        if not reset.bad and reset.value:
            past.clear()
        if not x.bad:
            past["v"] = pick(past.get("v", x.value), x.value)
        return _result(past.get("v", math.nan), x, reset)


def _over_good(compute: Callable[[list[float]], float], parts: tuple[Sample, ...]) -> Sample:
    used = [part for part in parts if not part.bad]
    if not used:
        return _bad(*parts)
    result = _result(lambda: compute([part.value for part in used]), *used)
    if len(used) < len(parts):
        result = result._replace(
            severity=max(result.severity, UNCERTAIN), reasons=result.reasons | {signal.INPUT}
        )
    return result


def _logic(left: Sample, right: Sample, *, deciding: bool) -> Sample:
    decisive = [part for part in (left, right) if not part.bad and bool(part.value) is deciding]
    if decisive:
        best = min(decisive, key=lambda part: part.word)
        return best._replace(value=float(deciding))
    return _result(float(not deciding), left, right)


def _interpolated(x: float, *tables: Node) -> float:
    xs, ys = ([item.value for item in table.items] for table in tables if isinstance(table, Table))
    if x <= xs[0]:
        return ys[0]
    if x >= xs[-1]:
        return ys[-1]
    right = next(i for i, value in enumerate(xs) if value > x)
    return ys[right - 1] + (x - xs[right - 1]) / (xs[right] - xs[right - 1]) * (ys[right] - ys[right - 1])


_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "^": lambda x, y: x**y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
}


def _mean(*values: float) -> float:
    total = values[0]
    for value in values[1:]:
        total += value
    return total / len(values)


_PLAIN: dict[str, Callable[..., float]] = {
    "abs": abs,
    "sign": lambda x: math.copysign(1.0, x) if x else 0.0,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "ln": math.log,
    "log10": math.log10,
    "plain": lambda x: x,
    "round": lambda x: float(round(x)),
    "floor": math.floor,
    "ceil": math.ceil,
    "mod": lambda x, y: x % y,
    "min": min,
    "max": max,
    "mean": _mean,
    "median": lambda *values: statistics.median(values),
    "limit": lambda x, low, high: min(max(x, low), high),
}
