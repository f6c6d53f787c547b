"""Timers, latches, edges and counts, scan by scan as their diagrams have them."""

from __future__ import annotations

import pytest

from config.expressions import Operand
from config.tags import TagKind
from control import signal
from tests.expressions.oracle import BAD, GOOD, Sample
from tests.expressions.rig import Rig

_TAGS = {"x": Operand(TagKind.BOOL), "r": Operand(TagKind.BOOL), "v": Operand()}
_LOST = Sample(float("nan"), BAD, frozenset({signal.COMM}))


def _run(text: str, inputs: str, elapsed_s: float = 1.0) -> str:
    """Return a trace of results for a trace of inputs: 1, 0, and b for bad."""
    rig = Rig(text, _TAGS)
    shown = []
    for letter in inputs:
        result = rig.step(elapsed_s, x=_LOST if letter == "b" else float(letter))
        shown.append("b" if result.bad else f"{result.value:.0f}")
    return "".join(shown)


@pytest.mark.parametrize(
    ("text", "inputs", "results"),
    [
        # On-delay: true after three seconds of true, at once false.
        ("ton(x, 3 s)", "0111110111011110", "0000110000000010"),
        ("ton(x, 0 s)", "0110", "0110"),
        ("ton(x, 3 s)", "11bbb11100", "00bbb01100"),
        # Off-delay: true with x and for three seconds after.
        ("tof(x, 3 s)", "0100000010100001", "0111100011111101"),
        ("tof(x, 3 s)", "00", "00"),
        ("tof(x, 0 s)", "0110", "0110"),
        ("tof(x, 3 s)", "10bb000", "11bb110"),
        # Pulse: three seconds long whatever x does, and not again before x has been false.
        ("tp(x, 3 s)", "0111110101010", "0111000111011"),
        ("tp(x, 3 s)", "1110", "0000"),
        ("tp(x, 3 s)", "01bbb0", "01bbb0"),
        # Edges.
        ("rising(x)", "1011001", "0010001"),
        ("falling(x)", "0011001", "0000100"),
        ("changed(x)", "1011001", "0110101"),
        ("rising(x)", "0b1b0b1", "0b1b0b1"),
        ("changed(x)", "0b0b1", "0b0b1"),
        # Time for which it has been true.
        ("on_time(x)", "01110011", "00120001"),
        ("unchanged(x)", "00011100", "01201201"),
        ("count(x)", "0101101", "0112223"),
    ],
)
def test_trace(text: str, inputs: str, results: str) -> None:
    assert _run(text, inputs) == results


def test_duration_is_plant_time() -> None:
    rig = Rig("ton(x, 10 s)", _TAGS, speed=20.0)
    assert [rig.step(0.25, x=1).value for _ in range(4)] == [0.0, 0.0, 1.0, 1.0]


def test_timer_goes_on_in_a_branch_that_is_not_chosen() -> None:
    rig = Rig("if r then ton(x, 2 s) else false", _TAGS)
    for _ in range(3):
        assert rig.step(1.0, x=1, r=0).value == 0.0
    assert rig.step(1.0, r=1).value == 1.0


@pytest.mark.parametrize(
    ("text", "traces", "results"),
    [
        ("sr(x, r)", ["0100100", "0010101"], "0100110"),
        ("rs(x, r)", ["0100110", "0010101"], "0100010"),
        ("count(x, reset=r)", ["0101011", "0000100"], "0112011"),
    ],
)
def test_two_conditions(text: str, traces: list[str], results: str) -> None:
    rig = Rig(text, _TAGS)
    got = [rig.step(1.0, x=float(x), r=float(r)).value for x, r in zip(*traces, strict=True)]
    assert "".join(f"{value:.0f}" for value in got) == results


def test_latch_keeps_its_state_while_an_input_is_bad() -> None:
    rig = Rig("sr(x, r)", _TAGS)
    rig.step(x=1, r=0)
    held = rig.step(x=_LOST, r=1)
    assert (held.bad, held.value) == (True, 1.0)
    assert rig.step(x=0, r=0) == Sample(1.0)
    assert rig.step(x=0, r=1) == Sample(0.0)
    assert rig.step(x=1, r=_LOST).value == 1.0  # set wins whatever reset is


def test_hysteresis() -> None:
    rig = Rig("hysteresis(v, 20, 80)", _TAGS)
    values = [50, 79, 81, 50, 21, 20, 19, 50, 81]
    assert [rig.step(v=value).value for value in values] == [0, 0, 1, 1, 1, 1, 0, 0, 1]
    assert rig.step(v=_LOST).bad
    assert rig.step(v=50) == Sample(1.0)


def test_sample_keeps_the_value_and_quality_of_its_moment() -> None:
    rig = Rig("sample(v, x)", _TAGS)
    first = rig.step(v=1, x=0)
    assert first.bad
    assert first.reasons == {signal.WAITING}
    forced = Sample(2.0, GOOD, frozenset({signal.FORCED}))
    assert rig.step(v=forced, x=1) == forced
    assert rig.step(v=3, x=1) == forced
    assert rig.step(v=4, x=0) == forced
    assert rig.step(v=_LOST, x=1).bad
    assert rig.step(v=5, x=0).bad
    assert rig.step(v=6, x=1) == Sample(6.0)
    assert rig.step(v=7, x=_LOST).bad
    assert rig.step(v=7, x=1) == Sample(6.0)
