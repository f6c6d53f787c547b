"""State goes on by name: after a restart, and under another configuration, without a bump."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from config.site import Site
from control import signal as s
from control.carry.arena import walk
from control.carry.natures import Axis
from control.carry.transfer import Transfer, rebased
from control.layout import NEVER
from tests.unit.control.carry.carrying import go_on, held, rings
from tests.unit.control.plant import Plant, Tags, site
from tests.unit.control.story import plant as story_plant

REBOOT_NS = -4_000_000_000_000
"""The monotonic clock began anew, an hour before."""

TAGS: Tags = {
    "pv": {"stale_after": "1 h"},
    "act": {"access": "read_write", "low": 0, "high": 100, "stale_after": "1 h"},
    "level": {"stale_after": "1 h"},
    "valve": {"access": "write", "low": 0, "high": 100},
    "trip": {"kind": "bool", "stale_after": "1 h"},
}
EQUIPMENT: dict[str, Any] = {
    "loops": {"l": {"pv": "u/pv", "output": "u/act", "kp": 2, "ti": "20 s", "sp": 50}},
    "alarms": {
        "high": {"tag": "u/level", "type": "high", "limit": 80, "latching": True},
        "slow": {"tag": "u/level", "type": "low", "limit": 10, "on_delay": "60 s"},
    },
    "interlocks": {"i": {"when": "u/trip", "force": {"u/valve": 5}, "latched": True}},
    "calculations": {"total": {"expression": "integrate(u/level, 1 s, false)"}},
}


def make(tags: Tags = TAGS, **changes: dict[str, Any]) -> Site:
    equipment = copy.deepcopy(EQUIPMENT)
    for kind, things in changes.items():
        for name, fields in things.items():
            if fields is None:
                del equipment[kind][name]
            else:
                equipment[kind][name] = equipment[kind].get(name, {}) | fields
    return site(tags, **equipment)


def busy() -> Plant:
    """A plant in the middle of things: set-point moved, loop in manual, alarms, an interlock, a total."""
    tested = Plant(make())
    tested.scan(20, pv=45.0, level=50.0, trip=0.0, act=20.0)
    tested.command(s.SET_POINT, value=55.0)
    tested.scan(10, pv=50.0, level=90.0, trip=1.0, act=30.0)
    tested.scan(5, pv=52.0, level=5.0, trip=0.0, act=30.0)
    for ring in rings(tested):
        ring.pop(10_000)
    return tested


def test_after_a_restart_everything_people_and_time_made_is_there_again() -> None:
    before = busy()
    after, carried = go_on(before, before.site, Transfer.RESTART, offset_ns=REBOOT_NS, away_ns=7 * 10**9)
    loops, was = after.state.loops, before.state.loops
    for column in ("mode", "target", "sp", "integral", "output", "kp"):
        assert getattr(loops, column)[0] == getattr(was, column)[0]
    rows, before_rows = after.state.alarms.row, before.state.alarms.row
    assert rows["flags"].tolist() == before_rows["flags"].tolist()
    assert rows["occurrence"].tolist() == before_rows["occurrence"].tolist()
    assert rows["since_ns"][1] - after.now_ns == before_rows["since_ns"][1] - before.now_ns - 7 * 10**9
    assert after.state.logic.interlocks["active"][0] == 1
    assert after.state.memory.cells.tolist() == before.state.memory.cells.tolist()
    assert after.counter("armed") == 1
    assert carried.ended_alarms == ()
    assert after.quality("pv") == s.BAD | s.WAITING


def test_after_a_restart_a_loop_goes_on_from_what_its_actuator_does() -> None:
    before = busy()
    after, _ = go_on(before, before.site, Transfer.RESTART)
    after.scan(3)
    assert after.written("act") == []
    after.scan(pv=52.0)
    assert after.written("act") == [], "nothing is written before it is known what the device holds"
    after.scan(pv=52.0, act=33.0)
    after.scan(pv=52.0, act=33.0)
    first, *_ = after.written("act")
    assert first == pytest.approx(33.0, abs=0.1)
    assert after.value("l.sp") == 55.0


def test_a_restart_announces_no_alarm_again_and_clears_none() -> None:
    before = busy()
    after, _ = go_on(before, before.site, Transfer.RESTART)
    after.scan(5)
    kinds = after.transitions.pop(100)["kind"].tolist()
    assert s.KIND_ALARM not in kinds
    after.scan(3, level=50.0)
    row = after.state.alarms.row[0]
    answer = after.ask(s.ACKNOWLEDGE, index=0, occurrence=int(row["occurrence"]))
    assert answer["kind"] == s.KIND_ALARM


def test_a_change_that_changes_nothing_changes_nothing() -> None:
    """Two plants hear the same; one goes on in new tables now and then. Nothing tells them apart."""
    random = np.random.default_rng(5)
    kept, moved = story_plant(), story_plant()
    for turn in range(120):
        if turn % 17 == 11:
            moved, _ = go_on(moved, moved.site, Transfer.CHANGE)
        for n in range(12):
            if random.random() < 0.7:
                value = float(random.normal(48, 6))
                quality = s.BAD | s.SENSOR if random.random() < 0.05 else s.GOOD
                for tested in (kept, moved):
                    tested.sample(f"pv{n}", value, quality)
        if random.random() < 0.3:
            index, value = int(random.integers(12)), float(random.uniform(1, 60))
            kind = int(random.choice([s.SET_POINT, s.SET_MODE, s.SET_TUNING, s.ACKNOWLEDGE]))
            occurrence = int(kept.state.alarms.row[index]["occurrence"])
            for tested in (kept, moved):
                tested.command(kind, index, value, occurrence, 1 + index % 8)
        step_ns = int(random.integers(90_000_000, 130_000_000))
        for tested in (kept, moved):
            tested.scan(step_ns=step_ns)
        for one, other in zip(rings(kept), rings(moved), strict=True):
            assert one.pop(10_000).tobytes() == other.pop(10_000).tobytes()
    differing = [
        path
        for (path, one), (_, other) in zip(walk(kept.state), walk(moved.state), strict=True)
        if one.tobytes() != other.tobytes()
    ]
    assert set(differing) <= {"tags.deadline_ns", "tags.block_deadline_ns", "memory.register"}


def test_names_carry_not_positions() -> None:
    before = busy()
    addressed = [(name, tag | {"address": {"address": n}}) for n, (name, tag) in enumerate(TAGS.items())]
    new: Tags = {"new": {"stale_after": "1 h", "address": {"address": 99}}}
    after, carried = go_on(before, make(new | dict(reversed(addressed))), Transfer.CHANGE)
    assert after.tag("pv") != before.tag("pv")
    assert after.value("pv") == before.value("pv")
    assert carried.same[Axis.LOOP] == 1
    after.scan(2)
    assert after.quality("new") == s.BAD | s.WAITING


def test_a_changed_loop_keeps_its_set_point_mode_and_output() -> None:
    before = busy()
    output = float(before.state.loops.output[0])
    after, carried = go_on(before, make(loops={"l": {"kp": 5, "out_high": 90}}), Transfer.CHANGE)
    assert carried.changed[Axis.LOOP] == ("u/l",)
    after.scan(2, pv=55.0, act=output)
    assert after.value("l.sp") == 55.0
    assert after.state.loops.kp[0] == 5.0
    assert all(value == pytest.approx(output, abs=0.5) for value in after.written("act"))


def test_a_changed_alarm_begins_anew_and_says_that_the_old_one_ended() -> None:
    before = busy()
    assert before.state.alarms.row["flags"][0] != 0
    occurrence = int(before.state.alarms.row["occurrence"][0])
    after, carried = go_on(before, make(alarms={"high": {"limit": 3}}), Transfer.CHANGE)
    (ended,) = carried.ended_alarms
    assert (ended.name, ended.occurrence) == ("u/high", occurrence)
    after.scan(2)
    assert after.state.alarms.row["occurrence"][0] > occurrence


def test_a_text_for_people_is_no_change() -> None:
    before = busy()
    after, carried = go_on(
        before,
        make(alarms={"high": {"cause": "foam", "priority": "low"}}, loops={"l": {"description": "x"}}),
        Transfer.CHANGE,
    )
    assert carried.changed[Axis.ALARM] == carried.changed[Axis.LOOP] == ()
    assert after.state.alarms.row["flags"][0] == before.state.alarms.row["flags"][0]


def test_an_interlock_that_acts_goes_on_when_its_condition_is_edited() -> None:
    before = busy()
    after, _ = go_on(before, make(interlocks={"i": {"when": "u/trip or u/level > 99"}}), Transfer.CHANGE)
    after.scan(3)
    assert after.state.logic.interlocks["active"][0] == 1


def test_what_is_gone_is_forgotten() -> None:
    before = busy()
    changes: dict[str, Any] = {"alarms": {"high": None}, "interlocks": {"i": None}, "loops": {"l": None}}
    after, carried = go_on(before, make(**changes), Transfer.CHANGE)
    assert [alarm.name for alarm in carried.ended_alarms] == ["u/high"]
    after.scan(3)
    assert after.counter("forcing") == 0


def test_times_are_rebased_and_what_is_no_time_is_not() -> None:
    times = np.array([0, NEVER, 100, 7])
    assert rebased(times, -100).tolist() == [0, NEVER, 1, -93]


def test_the_arrays_of_the_state_are_the_block() -> None:
    tested = busy()
    tables = tested.tables
    for path, array in held(tested).arrays.items():
        node: Any = tables.state
        for name in path.split("."):
            node = getattr(node, name)
        assert np.shares_memory(node, tables.arena.block) or node.size == 0
        assert node.tobytes() == array.tobytes()
