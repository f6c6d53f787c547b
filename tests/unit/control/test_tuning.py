"""Parameters of a running loop: every one changes without a bump, or is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from control import signal as s
from tests.unit.control.plant import Plant
from tests.unit.control.shaped_plant import drift, output, running

EVERY = {
    s.TUNE_KP: 3.0, s.TUNE_TI: 500.0, s.TUNE_TD: 2.0, s.TUNE_N: 5.0, s.TUNE_B: 0.4, s.TUNE_C: 0.5,
    s.TUNE_TT: 30.0, s.TUNE_BIAS: 7.0, s.TUNE_SP_LOW: 10.0, s.TUNE_SP_HIGH: 90.0, s.TUNE_SP_RATE: 4.0,
    s.TUNE_SP_HOLD: 9.0, s.TUNE_PV_FILTER: 3.0, s.TUNE_GAP: 2.0, s.TUNE_GAP_GAIN: 0.5,
    s.TUNE_FEED_GAIN: 2.0, s.TUNE_FEED_LAG: 8.0, s.TUNE_FEED_LEAD: 4.0, s.TUNE_OUT_RATE: 50.0,
    s.TUNE_OUT_RATE_DOWN: 40.0, s.TUNE_OUT_LOW: 1.0, s.TUNE_OUT_HIGH: 99.0,
}  # fmt: skip


@pytest.mark.parametrize("loop", [{}, {"gap": 3.0, "td": "1 s", "b": 0.2}], ids=["plain", "gap"])
def test_every_parameter_changes_in_auto_without_a_bump(loop: dict[str, Any]) -> None:
    tested = running(feed_forward={"tag": "u/d", "gain": 1.0, "lag": "1 s"}, **loop)
    for parameter, value in EVERY.items():
        tested.scan(100, pv=46.0, d=10.0)
        before = output(tested)
        answer = tested.ask(s.SET_TUNING, value=value, parameter=parameter)
        assert (answer["kind"], answer["before"], answer["value"]) == (s.KIND_TUNED, parameter, value)
        assert abs(output(tested) - before) <= drift(tested) * 3.0
        tested.scan(pv=46.0)
        assert abs(output(tested) - before) <= drift(tested, 2) * 3.0


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (s.TUNE_KP, 0.0), (s.TUNE_KP, 1e13), (s.TUNE_TI, -1.0), (s.TUNE_N, 0.5), (s.TUNE_B, 1.1),
        (s.TUNE_SP_LOW, 60.0), (s.TUNE_SP_HIGH, 40.0), (s.TUNE_SP_RATE, 0.0), (s.TUNE_GAP, -1.0),
        (s.TUNE_OUT_LOW, 100.0), (s.TUNE_OUT_HIGH, 0.0), (s.TUNE_FEED_LEAD, 1.0), (s.TUNE_FEED_GAIN, 1.0),
        (s.TUNE_SP_HOLD, 0.0), (s.TUNE_OUT_RATE, -1.0), (s.TUNE_PV_FILTER, 1e-9),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused_and_changes_nothing(parameter: int, value: float) -> None:
    tested = running()
    before = tested.state.loops.row.copy()
    answer = tested.ask(s.SET_TUNING, value=value, parameter=parameter)
    assert (answer["kind"], answer["cause"]) == (s.KIND_REFUSED, s.REFUSED_RANGE)
    unchanged = ("kp", "ti", "td", "tt", "sp_low", "sp_high", "shaped")
    assert [tested.state.loops.row[0][name] for name in unchanged] == [before[0][name] for name in unchanged]


def test_forms_that_need_an_integral_keep_it() -> None:
    for loop in ({"form": "incremental"}, {"structure": "i"}):
        tested = running(**loop)
        assert tested.ask(s.SET_TUNING, value=0.0, parameter=s.TUNE_TI)["cause"] == s.REFUSED_RANGE


def test_a_gap_that_is_tuned_into_a_plain_loop_acts() -> None:
    tested = running(ti="0 s", tt="1000000 s")
    tested.ask(s.SET_TUNING, value=10.0, parameter=s.TUNE_GAP)
    tested.scan(3, pv=45.0)
    before = output(tested)
    tested.scan(pv=55.0)
    assert output(tested) == pytest.approx(before, abs=1e-3)


PROPOSAL = {s.TUNE_KP: 3.0, s.TUNE_TI: 40.0, s.TUNE_TD: 2.0, s.TUNE_B: 0.4}


def together(tested: Plant, settings: dict[int, float], index: int = 0) -> list[Any]:
    """Send parameters as one act, scan, and return what the engine says to it."""
    rows = np.zeros(len(settings), s.COMMAND)
    rows["ticket"], rows["kind"], rows["index"] = 4711, s.SET_TUNING, index
    rows["parameter"], rows["value"] = list(settings), list(settings.values())
    rows["following"][0] = len(rows) - 1
    assert tested.commands.push(rows) == len(rows)
    tested.scan(pv=46.0)
    return [row for row in tested.transitions.pop(1000) if row["ticket"] == 4711]


def test_parameters_that_are_set_together_take_effect_in_one_scan_without_a_bump() -> None:
    tested = running()
    tested.scan(100, pv=46.0)
    before = output(tested)
    answers = together(tested, PROPOSAL)
    assert {row["before"]: row["value"] for row in answers} == PROPOSAL
    assert {row["kind"] for row in answers} == {s.KIND_TUNED}
    assert abs(output(tested) - before) <= drift(tested) * 3.0
    row = tested.state.loops.row[0]
    assert [abs(row["kp"]), row["ti"], row["td"], tested.state.loops.b[0]] == list(PROPOSAL.values())


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        ({s.TUNE_N: 0.5}, s.REFUSED_RANGE), ({s.TUNE_OUT_LOW: 1.0}, s.REFUSED_INVALID),
        ({s.TUNE_RATIO: 1.0}, s.REFUSED_INVALID), ({s.TUNE_TT: math.nan}, s.REFUSED_INVALID),
    ],
)  # fmt: skip
def test_of_parameters_that_are_set_together_one_that_does_not_fit_refuses_all(
    wrong: dict[int, float], cause: int
) -> None:
    tested = running()
    before = tested.state.loops.row[0].copy()
    (answer,) = together(tested, PROPOSAL | wrong)
    assert (answer["kind"], answer["cause"]) == (s.KIND_REFUSED, cause)
    assert tested.state.loops.row[0]["kp"] == before["kp"]
    assert tested.state.loops.row[0]["ti"] == before["ti"]
    assert tested.ask(s.SET_TUNING, value=2.5, parameter=s.TUNE_KP)["kind"] == s.KIND_TUNED


def test_parameters_for_a_loop_that_there_is_not_are_refused_once() -> None:
    (answer,) = together(running(), PROPOSAL, index=7)
    assert (answer["kind"], answer["cause"]) == (s.KIND_REFUSED, s.REFUSED_INVALID)
