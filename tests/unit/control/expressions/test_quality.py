"""The rules of quality, one by one as the documentation states them."""

from __future__ import annotations

import math

import pytest

from config.expressions import Operand
from config.tags import TagKind
from control import signal
from tests.expressions.oracle import BAD, GOOD, UNCERTAIN, Sample
from tests.expressions.rig import Rig

_TAGS = {"a": Operand(), "b": Operand(), "c": Operand(TagKind.BOOL), "d": Operand(TagKind.BOOL)}
_INPUT = frozenset({signal.INPUT})


def _bad(*reasons: int, value: float = math.nan) -> Sample:
    return Sample(value, BAD, frozenset(reasons))


def _evaluated(text: str, **samples: Sample | float) -> Sample:
    rig = Rig(text, _TAGS)
    rig.set(a=1, b=1, c=1, d=1)
    return rig.step(**samples)


def test_the_worst_severity_counts_and_every_reason_is_kept() -> None:
    noisy = Sample(2.0, UNCERTAIN, frozenset({signal.RANGE}))
    forced = Sample(3.0, GOOD, frozenset({signal.FORCED}))
    assert _evaluated("a + b", a=noisy, b=forced) == Sample(
        5.0, UNCERTAIN, _INPUT | {signal.RANGE, signal.FORCED}
    )
    assert _evaluated("a + b", a=noisy, b=_bad(signal.STALE)).severity == BAD
    assert _evaluated("a + b", a=forced) == Sample(4.0, GOOD, frozenset({signal.FORCED}))


def test_what_is_said_of_one_sample_is_not_said_of_the_result() -> None:
    odd = Sample(2.0, GOOD, frozenset({signal.CLOCK, signal.OVERFLOW}))
    assert _evaluated("a + 1", a=odd) == Sample(3.0)


def test_a_bad_result_shows_what_the_last_value_gives() -> None:
    stale = _bad(signal.STALE, value=4.0)
    assert _evaluated("a * 2", a=stale) == Sample(8.0, BAD, _INPUT | {signal.STALE})
    assert math.isnan(_evaluated("a * 2", a=_bad(signal.COMM)).value)


@pytest.mark.parametrize(
    "text",
    ["a / 0", "0 / 0", "sqrt(-a)", "ln(0)", "log10(-a)", "exp(1000)", "1e308 * 10", "mod(a, 0)",
     "(-a) ^ 0.5", "1e308 + 1e308 - 1e308", "limit(a / 0, 0, 1)", "min(a / 0, 1)", "(a / 0) > 5",
     "if a / 0 > 1 then 1 else 2"],
)  # fmt: skip
def test_no_finite_number_is_bad_at_once(text: str) -> None:
    result = _evaluated(text)
    assert result.severity == BAD
    assert signal.NOT_A_NUMBER in result.reasons


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_good_tag_without_a_number_is_bad(value: float) -> None:
    assert _evaluated("a > 1", a=value).reasons == {signal.INPUT, signal.NOT_A_NUMBER}


_LOST = _bad(signal.COMM)
_MAYBE = Sample(0.0, UNCERTAIN)


@pytest.mark.parametrize(
    ("text", "c", "d", "severity", "value"),
    [
        ("c and d", _LOST, 0.0, GOOD, 0.0),
        ("c and d", 0.0, _LOST, GOOD, 0.0),
        ("c and d", _LOST, 1.0, BAD, None),
        ("c and d", _MAYBE, 1.0, UNCERTAIN, 0.0),
        ("c and d", _MAYBE, 0.0, GOOD, 0.0),
        ("c and d", _MAYBE, _LOST, UNCERTAIN, 0.0),
        ("c or d", _LOST, 1.0, GOOD, 1.0),
        ("c or d", 1.0, _LOST, GOOD, 1.0),
        ("c or d", _LOST, 0.0, BAD, None),
        ("c or d", _MAYBE, 1.0, GOOD, 1.0),
        ("c or d", _MAYBE, 0.0, UNCERTAIN, 0.0),
        ("c or d", _LOST, _LOST, BAD, None),
        ("not c", _MAYBE, 0.0, UNCERTAIN, 1.0),
        ("not c", _LOST, 0.0, BAD, None),
    ],
)
def test_and_or(text: str, c: Sample | float, d: Sample | float, severity: int, value: float | None) -> None:
    result = _evaluated(text, c=c, d=d)
    assert result.severity == severity
    assert value is None or result.value == value


def test_the_branch_that_is_not_chosen_does_not_count() -> None:
    assert _evaluated("if c then a else b", b=_LOST) == Sample(1.0)
    assert _evaluated("if c then a else b", a=_LOST).severity == BAD
    assert _evaluated("if c then a else b", c=_LOST).reasons == {signal.COMM, signal.INPUT}


def test_substitutes_are_marked() -> None:
    assert _evaluated("value_or(a, 7)") == Sample(1.0)
    assert _evaluated("value_or(a, 7)", a=_LOST) == Sample(7.0, GOOD, frozenset({signal.SUBSTITUTE}))
    assert _evaluated("value_or(a, b)", a=_LOST, b=_LOST).severity == BAD
    uncertain = Sample(2.0, UNCERTAIN)
    assert _evaluated("value_or(a, 7)", a=uncertain) == Sample(2.0, UNCERTAIN, _INPUT)


def test_last_good_stands_in_for_its_time() -> None:
    rig = Rig("last_good(a, 3 s)", _TAGS)
    assert rig.step(a=_LOST).severity == BAD
    assert rig.step(1.0, a=5) == Sample(5.0)
    for _ in range(3):
        stood_in = rig.step(1.0, a=_LOST)
        assert stood_in == Sample(5.0, UNCERTAIN, _INPUT | {signal.SUBSTITUTE})
    assert rig.step(1.0).severity == BAD
    assert rig.step(1.0, a=6) == Sample(6.0)
    rig.memory.restart()
    assert rig.step(1.0, a=_LOST).severity == BAD  # nobody knows how long ago that was


@pytest.mark.parametrize(
    ("sample", "good", "uncertain", "bad"),
    [(Sample(1.0), 1, 0, 0), (Sample(1.0, UNCERTAIN), 0, 1, 0), (_LOST, 0, 0, 1)],
)
def test_questions_about_quality_have_good_answers(
    sample: Sample, good: int, uncertain: int, bad: int
) -> None:
    for name, truth in (("good", good), ("uncertain", uncertain), ("bad", bad)):
        assert _evaluated(f"{name}(a)", a=sample) == Sample(float(truth))


def test_redundant_sensors() -> None:
    assert _evaluated("median(a, b, 9)", a=2, b=4) == Sample(4.0)
    assert _evaluated("median(a, b, 9)", a=_LOST).severity == BAD
    assert _evaluated("median_good(a, b, 9)", a=_LOST, b=4) == Sample(6.5, UNCERTAIN, _INPUT)
    assert _evaluated("mean_good(a, b)", a=_LOST, b=4) == Sample(4.0, UNCERTAIN, _INPUT)
    assert _evaluated("mean_good(a, b)", a=_LOST, b=_LOST).severity == BAD


def test_waiting_is_told_only_where_nothing_has_failed() -> None:
    waiting = _bad(signal.WAITING)
    assert _evaluated("a + b", a=waiting).reasons == {signal.WAITING, signal.INPUT}
    assert _evaluated("a + b", a=waiting, b=_LOST).reasons == {signal.COMM, signal.INPUT}
