"""Random expressions, as trees, and the samples they meet."""

from __future__ import annotations

import math
from random import Random

from config.expressions.catalogue import FUNCTIONS
from config.expressions.functions import Accepts, Function, Gives
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
from tests.expressions.oracle import Sample

NUMBERS = ("n1", "n2", "n3", "n4")
CONDITIONS = ("c1", "c2", "c3")
WINDOWS = ("moving_average", "moving_min", "moving_max")
"""Functions that are approximate by design and have tests of their own."""

_VALUES = (0.0, 1.0, -1.0, 0.5, 2.0, 10.0, 1e-300, 1e300, 1.7e308, 37.25)
_DURATIONS = (0.0, 0.125, 0.25, 0.5, 1.0, 3.0)
_REASONS = (
    signal.COMM, signal.STALE, signal.RANGE, signal.WAITING, signal.SIMULATED, signal.CLOCK, signal.FORCED,
)  # fmt: skip
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def _gives(function: Function, *, condition: bool) -> bool:
    return function.gives is Gives.EITHER or (function.gives is Gives.CONDITION) is condition


_ELSEWHERE = {*WINDOWS, "select", "interp", "fail_value"}
_CALLS = {
    condition: sorted(
        name for name, f in FUNCTIONS.items() if name not in _ELSEWHERE and _gives(f, condition=condition)
    )
    for condition in (False, True)
}
CALLED = sorted({*_CALLS[False], *_CALLS[True], "interp"})
"""Functions that trees call."""


class Trees:
    """Makes expressions over NUMBERS and CONDITIONS, without units."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def any(self, depth: int) -> Node:
        """Return a number or a condition."""
        return self.node(depth, condition=self.random.random() < 0.5)

    def node(self, depth: int, *, condition: bool) -> Node:
        """Return a number or a condition of at most so many levels."""
        if depth <= 1 or self.random.random() < 0.1:
            return self._leaf(condition=condition)
        kind = self.random.random()
        if kind < 0.45:
            names = _CALLS[condition] + ([] if condition else ["interp"])
            return self.call(self.random.choice(names), depth, condition=condition)
        if kind < 0.55:
            chosen, otherwise = (self.node(depth - 1, condition=condition) for _ in range(2))
            return Conditional(self.node(depth - 1, condition=True), chosen, otherwise)
        if kind < 0.65:
            return Unary("not" if condition else "-", self.node(depth - 1, condition=condition))
        if not condition:
            return self._binary("+-*/^", depth, condition=False)
        if kind < 0.85:
            return self._binary(_COMPARISONS, depth, condition=False)
        return self._binary(("and", "or"), depth, condition=True)

    def call(self, name: str, depth: int, *, condition: bool = False) -> Node:
        """Return a call of a function; `condition` decides where it takes either."""
        if name == "interp":
            return self._interp(depth)
        function = FUNCTIONS[name]
        count = len(function.parameters) + (
            self.random.randrange(3) if function.parameters[-1].repeated else 0
        )
        accepted = [function.parameter(index).accepts for index in range(count)]
        made = Call(name, tuple(self._argument(accepts, depth - 1, condition) for accepts in accepted))
        with_unit = function.gives in {Gives.SECONDS, Gives.RATE, Gives.TOTAL}
        return Call("plain", (made,)) if with_unit else made

    def _argument(self, accepts: Accepts, depth: int, condition: bool) -> Node:
        match accepts:
            case Accepts.CONDITION:
                return self.node(depth, condition=True)
            case Accepts.DURATION:
                return Number(self.random.choice(_DURATIONS), "s")
            case Accepts.TIME_BASE:
                return Number(1.0, self.random.choice(("s", "min")))
            case Accepts.EITHER:
                return self.node(depth, condition=condition)
            case _:
                return self.node(depth, condition=False)

    def _binary(self, operators: str | tuple[str, ...], depth: int, *, condition: bool) -> Node:
        left, right = (self.node(depth - 1, condition=condition) for _ in range(2))
        return Binary(self.random.choice(operators), left, right)

    def _interp(self, depth: int) -> Node:
        xs = sorted(self.random.sample(range(-50, 50), self.random.randint(2, 6)))
        ys = [self.random.randint(-9, 9) for _ in xs]
        tables = (Table(tuple(Number(float(value)) for value in values)) for values in (xs, ys))
        return Call("interp", (self.node(depth - 1, condition=False), *tables))

    def _leaf(self, *, condition: bool) -> Node:
        if self.random.random() < 0.75:
            return Reference(self.random.choice(CONDITIONS if condition else NUMBERS))
        if condition:
            return Truth(self.random.random() < 0.5)
        value = self._value()
        return Number(value) if value >= 0 else Unary("-", Number(-value))

    def _value(self) -> float:
        if self.random.random() < 0.4:
            return self.random.choice(_VALUES)
        return round(self.random.uniform(-60, 60), self.random.randrange(4))

    # --- samples

    def samples(self) -> dict[str, Sample]:
        """Return a sample of every tag; most are good."""
        numbers = {name: self._sample(self._any_value()) for name in NUMBERS}
        conditions = {name: self._sample(float(self.random.random() < 0.5)) for name in CONDITIONS}
        return numbers | conditions

    def _any_value(self) -> float:
        if self.random.random() < 0.04:
            return self.random.choice((math.nan, math.inf, -math.inf))
        return self._value()

    def _sample(self, value: float) -> Sample:
        if self.random.random() < 0.75:
            return Sample(value)
        reasons = frozenset(self.random.sample(_REASONS, self.random.randrange(3)))
        return Sample(value, self.random.randrange(3), reasons)

    def elapsed_s(self) -> float:
        """Return a time between two evaluations; the longest is a gap."""
        return self.random.choice((0.125, 0.125, 0.25, 0.5, 1.0, 20.0))
