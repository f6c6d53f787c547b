"""Set-point profiles: ramps, holds, conditions, waiting, timeouts, commands, phases."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control import signal as s
from control.logic_signal import ENTER_PHASE
from control.logic_tables import phase_code
from control.profile_layout import (
    PROFILE_ABORTED,
    PROFILE_BY_COMMAND,
    PROFILE_BY_ITSELF,
    PROFILE_BY_MODE,
    PROFILE_BY_PHASE,
    PROFILE_BY_TIMEOUT,
    PROFILE_COMPLETE,
    PROFILE_HELD,
    PROFILE_RUNNING,
)
from tests.unit.control.loop_plant import LOOP
from tests.unit.control.plant import Plant, site

TAGS: dict[str, dict[str, Any]] = {
    "pv": {"low": 0, "high": 100},
    "out": {"access": "write", "low": 0, "high": 100},
    "ready": {"kind": "bool"},
}


def plant(*segments: dict[str, Any], loop: dict[str, Any] | None = None, **profile: Any) -> Plant:
    """Return a plant with a profile `p` on a loop in auto at 50."""
    profiles = {"p": {"loop": "u/l", "segments": list(segments)} | profile}
    tested = Plant(site(TAGS, loops={"l": LOOP | (loop or {})}, profiles=profiles))
    tested.scan(5, pv=50.0, ready=0.0)
    tested.transitions.pop(1000)
    return tested


def do(tested: Plant, action: int) -> Any:
    return tested.ask(s.RUN_PROFILE, value=action)


def target(tested: Plant) -> float:
    return float(tested.state.loops.target[0])


def told(tested: Plant) -> list[tuple[int, int, int]]:
    """Take what was announced: state, segment and cause."""
    rows = [row for row in tested.transitions.pop(1000) if row["kind"] == s.KIND_PROFILE]
    return [(int(row["after"]), int(row["occurrence"]), int(row["cause"])) for row in rows]


def test_ramps_and_holds_follow_one_another() -> None:
    tested = plant(
        {"ramp_to": 54, "rate": 1.0}, {"hold": "2 s"}, {"ramp_to": 50, "over": "8 s"}, {"ramp_to": 60}
    )
    answer = do(tested, s.PROFILE_START)
    assert (answer["kind"], answer["after"], answer["value"]) == (s.KIND_PROFILE, PROFILE_RUNNING, 50.0)
    path = [target(tested)]
    for _ in range(150):
        tested.scan(pv=50.0)
        path.append(target(tested))
    assert path[:3] == pytest.approx([50.1, 50.2, 50.3])
    assert path[39] == pytest.approx(54.0)
    assert path[40:60] == pytest.approx([54.0] * 20)
    assert path[100] == pytest.approx(52.0, abs=0.11)
    assert path[-1] == 60.0
    causes = [PROFILE_BY_ITSELF] * 4
    states = [PROFILE_RUNNING] * 3 + [PROFILE_COMPLETE]
    assert told(tested) == list(zip(states, [1, 2, 3, 3], causes, strict=True))


def test_the_loop_s_own_ramp_and_limits_hold() -> None:
    tested = plant({"ramp_to": 60}, loop={"sp_rate": 1.0})
    do(tested, s.PROFILE_START)
    tested.ask(s.SET_TUNING, value=55.0, parameter=s.TUNE_SP_HIGH)
    tested.scan(10, pv=50.0)
    assert target(tested) == 60.0  # it had been there before the limit came; the limit is refused then
    assert tested.state.loops.sp[0] == pytest.approx(51.2, abs=0.2)


def test_a_segment_waits_for_its_condition_and_a_bad_one_is_not_true() -> None:
    tested = plant({"hold": "1 s", "until": "u/ready"}, {"ramp_to": 70})
    do(tested, s.PROFILE_START)
    tested.scan(30, pv=50.0)
    tested.sample("ready", math.nan, s.BAD | s.SENSOR)
    tested.scan(5, pv=50.0)
    assert target(tested) == 50.0
    tested.scan(4, pv=50.0, ready=1.0)
    assert target(tested) == 70.0


def test_time_does_not_count_while_the_pv_is_far_off_or_bad() -> None:
    tested = plant(
        {"ramp_to": 60, "rate": 1.0, "within": 2.0}, {"hold": "1 s", "within": 2.0}, {"ramp_to": 80}
    )
    do(tested, s.PROFILE_START)
    tested.scan(100, pv=50.0)
    assert target(tested) == pytest.approx(52.0, abs=0.2)
    tested.scan(100, pv=60.0)
    assert target(tested) == 80.0
    tested = plant({"hold": "1 s"}, {"ramp_to": 80})
    do(tested, s.PROFILE_START)
    for _ in range(30):
        tested.sample("pv", math.nan, s.BAD | s.SENSOR)
        tested.scan()
    assert target(tested) == 50.0


@pytest.mark.parametrize(
    ("on_timeout", "state", "segment"),
    [("hold", PROFILE_HELD, 0), ("abort", PROFILE_ABORTED, 0), ("next", PROFILE_RUNNING, 1)],
)
def test_a_timeout_counts_all_time(on_timeout: str, state: int, segment: int) -> None:
    first = {"until": "u/ready", "timeout": "2 s", "on_timeout": on_timeout}
    tested = plant(first, {"hold": "100 s"})
    do(tested, s.PROFILE_START)
    tested.scan(18, pv=50.0)
    assert told(tested) == []
    tested.scan(2, pv=50.0)
    assert told(tested) == [(state, segment, PROFILE_BY_TIMEOUT)]


def test_a_gap_between_scans_is_not_counted_blindly() -> None:
    tested = plant({"hold": "10 s"}, {"ramp_to": 70})
    do(tested, s.PROFILE_START)
    tested.scan(3, step_ns=60 * 10**9, pv=50.0)
    assert tested.state.profiles.profiles[0]["counted_ns"] <= 4 * 200_000_000


def test_commands_hold_resume_and_abort() -> None:
    tested = plant({"ramp_to": 60, "rate": 1.0})
    assert do(tested, s.PROFILE_HOLD)["cause"] == s.REFUSED_STATE
    assert do(tested, s.PROFILE_ABORT)["cause"] == s.REFUSED_STATE
    assert do(tested, 9)["cause"] == s.REFUSED_INVALID
    assert tested.ask(s.RUN_PROFILE, index=1, value=s.PROFILE_START)["cause"] == s.REFUSED_INVALID
    do(tested, s.PROFILE_START)
    assert do(tested, s.PROFILE_START)["cause"] == s.REFUSED_STATE
    assert tested.ask(s.SET_POINT, value=10.0)["cause"] == s.REFUSED_PROFILE
    assert do(tested, s.PROFILE_HOLD)["after"] == PROFILE_HELD
    held = target(tested)
    tested.scan(10, pv=50.0)
    assert target(tested) == held
    assert tested.ask(s.SET_POINT, value=10.0)["cause"] == s.REFUSED_PROFILE
    assert do(tested, s.PROFILE_RESUME)["after"] == PROFILE_RUNNING
    tested.scan(10, pv=50.0)
    assert target(tested) > held
    answer = do(tested, s.PROFILE_ABORT)
    assert (answer["after"], answer["cause"]) == (PROFILE_ABORTED, PROFILE_BY_COMMAND)
    assert tested.ask(s.SET_POINT, value=10.0)["kind"] == s.KIND_SET_POINT


def test_a_loop_that_leaves_auto_holds_its_profile() -> None:
    tested = plant({"hold": "100 s"})
    do(tested, s.PROFILE_START)
    tested.ask(s.SET_MODE, value=s.MODE_MANUAL)
    tested.scan(pv=50.0)
    state = tested.state.profiles.profiles[0]
    assert (state["state"], state["cause"]) == (PROFILE_HELD, PROFILE_BY_MODE)
    assert do(tested, s.PROFILE_RESUME)["cause"] == s.REFUSED_MODE
    tested.ask(s.SET_MODE, value=s.MODE_AUTO)
    assert do(tested, s.PROFILE_RESUME)["after"] == PROFILE_RUNNING


def test_a_phase_runs_its_profile() -> None:
    tested = plant({"ramp_to": 60, "rate": 1.0}, phases=["growth"])
    tested.ask(ENTER_PHASE, value=phase_code("growth"))
    tested.scan(5, pv=50.0)
    state = tested.state.profiles.profiles[0]
    assert (state["state"], state["cause"]) == (PROFILE_RUNNING, PROFILE_BY_PHASE)
    do(tested, s.PROFILE_ABORT)
    tested.scan(5, pv=50.0)
    assert state["state"] == PROFILE_ABORTED
    tested.ask(ENTER_PHASE, value=phase_code("harvest"))
    tested.ask(ENTER_PHASE, value=phase_code("growth"))
    tested.scan(2, pv=50.0)
    assert state["state"] == PROFILE_RUNNING
    tested.ask(ENTER_PHASE, value=0)
    assert (state["state"], state["cause"]) == (PROFILE_ABORTED, PROFILE_BY_PHASE)


def test_a_full_ring_keeps_the_announcement() -> None:
    tested = plant({"hold": "1 s"}, {"hold": "1 s"}, {"hold": "1 s"})
    do(tested, s.PROFILE_START)
    tested.transitions.push(tested.state.rings.transitions.rows.copy())
    tested.scan(40, pv=50.0)
    tested.transitions.pop(1000)
    tested.scan(pv=50.0)
    (row,) = [row for row in tested.transitions.pop(1000) if row["kind"] == s.KIND_PROFILE]
    assert (row["after"], row["count"]) == (PROFILE_COMPLETE, 3)


STORY = st.lists(
    st.tuples(st.sampled_from(["act", "mode", "pv", "ready", "wait", "phase"]), st.integers(0, 4)),
    max_size=25,
)


@settings(max_examples=60)
@given(story=STORY)
def test_whatever_happens_the_set_point_stays_within_its_limits_and_its_rate(
    story: list[tuple[str, int]],
) -> None:
    tested = plant(
        {"ramp_to": 70, "rate": 20.0, "within": 30},
        {"hold": "500 ms", "until": "u/ready", "timeout": "2 s", "on_timeout": "next"},
        {"ramp_to": 40, "over": "1 s"},
        phases=["growth"],
        loop={"sp_low": 35, "sp_high": 72},
    )
    before, active = target(tested), False
    for what, number in story:
        if what == "act":
            tested.command(s.RUN_PROFILE, value=float(number))
        elif what == "mode":
            tested.command(s.SET_MODE, value=float(number % 2))
        elif what == "phase":
            tested.command(ENTER_PHASE, value=float(phase_code("growth") if number % 2 else 0))
        elif what == "ready":
            tested.sample("ready", float(number % 2))
        elif what == "pv":
            tested.sample("pv", 20.0 * number, s.GOOD if number else s.BAD | s.SENSOR)
        for _ in range(5 * number + 1):
            tested.scan()
            tested.outputs.pop(1000)
            tested.reports.pop(1000)
            tested.transitions.pop(1000)
            now = target(tested)
            assert 35.0 <= now <= 72.0
            assert abs(now - before) <= 4.0 + 1e-9
            before = now
            state = tested.state.profiles.profiles[0]
            active = state["state"] in (PROFILE_RUNNING, PROFILE_HELD)
            assert tested.state.loops.row[0]["profiled"] == int(active)
