"""The table of the life cycle, walked cell by cell through the engine."""

from __future__ import annotations

import pytest

from control import alarm_signal as a
from control import logic_signal as logic
from control import signal as s
from control.alarm_states import (
    ACTIVE,
    ANNUNCIATING,
    BEGINS,
    LATCHED,
    MEANINGS,
    NEXT,
    NO_STEP,
    SHELVED,
    SILENT,
    STEPS,
    UNACKNOWLEDGED,
    WORDS,
    AlarmState,
    Trigger,
    state_of,
)
from control.logic_tables import phase_code
from tests.unit.control.alarm_plant import occurrence
from tests.unit.control.plant import Plant, answered, site

A, B, C, D, E, F, G, H, OOS = AlarmState
HOUR_NS = 3600 * 10**9

COMMANDS = {
    Trigger.ACKNOWLEDGE: s.ACKNOWLEDGE,
    Trigger.RESET: s.RESET,
    Trigger.SHELVE: a.SHELVE,
    Trigger.UNSHELVE: a.UNSHELVE,
    Trigger.REMOVE: a.REMOVE_FROM_SERVICE,
    Trigger.RETURN: a.RETURN_TO_SERVICE,
}


def plant(latching: bool) -> Plant:
    alarm = {"tag": "u/pv", "type": "high", "limit": 80, "deadband": 2, "latching": latching}
    alarm |= {"re_alarm": "1 h", "suppress": {"when": "u/idle"}}
    tags = {"pv": {"stale_after": "9 h"}, "idle": {"stale_after": "9 h", "kind": "bool"}}
    tested = Plant(site(tags, armed=False, alarms={"a": alarm}))
    tested.scan(pv=70.0, idle=0.0)
    return tested


def flags_of(tested: Plant) -> int:
    return int(tested.state.alarms.row[0]["flags"])


def act(tested: Plant, trigger: Trigger, shelf_s: float) -> int:
    """Make something happen to the alarm; return 0, or the cause of a refusal."""
    if trigger in COMMANDS:
        value = shelf_s if trigger is Trigger.SHELVE else 0.0
        return answered(tested.ask(COMMANDS[trigger], value=value, occurrence=occurrence(tested)))
    if trigger is Trigger.RAISE:
        tested.scan(pv=81.0)
    elif trigger is Trigger.CLEAR:
        tested.scan(pv=70.0)
    elif trigger in (Trigger.SUPPRESS, Trigger.UNSUPPRESS):
        tested.scan(idle=float(trigger is Trigger.SUPPRESS))
    else:
        tested.scan(step_ns=HOUR_NS if trigger is Trigger.RE_ALARM else 60 * 10**9)
    return 0


def paths(latching: bool) -> dict[int, list[Trigger]]:
    """Return the shortest way from normal to every word of flags that the table reaches."""
    found: dict[int, list[Trigger]] = {0: []}
    pending = [0]
    for flags in pending:
        for trigger in Trigger:
            after = int(NEXT[flags, trigger, int(latching)])
            timed = trigger in (Trigger.EXPIRE, Trigger.RE_ALARM)
            if after != NO_STEP and after not in found and not timed:
                found[after] = [*found[flags], trigger]
                pending.append(after)
    return found


@pytest.mark.parametrize("latching", [False, True])
@pytest.mark.parametrize("trigger", list(Trigger))
def test_every_cell_of_the_table(trigger: Trigger, latching: bool) -> None:
    shelf_s = 60.0 if trigger is Trigger.EXPIRE else 7 * 3600.0
    for before, path in paths(latching).items():
        tested = plant(latching)
        for earlier in path:
            assert act(tested, earlier, shelf_s) == 0
        assert flags_of(tested) == before
        tested.transitions.pop(100)
        count = tested.counter("occurrences")
        refused = act(tested, trigger, shelf_s)
        after = int(NEXT[before, trigger, int(latching)])
        assert flags_of(tested) == (before if after == NO_STEP else after), (before, trigger)
        assert bool(refused) == (trigger in COMMANDS and after == NO_STEP)
        rows = tested.transitions.pop(10)
        if after != NO_STEP and trigger not in COMMANDS:
            assert [(row["before"], row["after"], row["cause"]) for row in rows] == [(before, after, trigger)]
        begins = 0 if after == NO_STEP else int(BEGINS[before, trigger, int(latching)])
        assert tested.counter("occurrences") == count + begins


def test_the_words_that_alarms_can_have() -> None:
    silent = [flags for flags in range(WORDS) if flags & SILENT and not flags & (UNACKNOWLEDGED | LATCHED)]
    assert set(paths(latching=True)) == {MEANINGS[x].flags for x in (A, B, C, E, F)} | set(silent)
    assert set(paths(latching=False)) == {MEANINGS[x].flags for x in (A, B, C, D)} | set(silent)
    assert {flags for flags in range(WORDS) if state_of(flags)} <= set(paths(True)) | set(paths(False))
    assert {state_of(flags) for flags in silent} == {G, H, OOS}


def test_only_a_to_f_are_annunciated_and_steps_name_every_state() -> None:
    assert tuple(x for x in AlarmState if MEANINGS[x].flags & SILENT == 0) == ANNUNCIATING
    assert not any(MEANINGS[x].annunciated for x in (A, G, H, OOS))
    assert {x for step in STEPS for x in (*step.before, step.after)} == set(AlarmState)
    assert {step.trigger for step in STEPS} == set(Trigger)


def test_a_shelf_has_a_longest_time_and_an_end() -> None:
    tested = plant(latching=False)
    assert answered(tested.ask(a.SHELVE, value=8 * 3600.0 + 1)) == a.REFUSED_SHELF_TIME
    assert answered(tested.ask(a.SHELVE, value=0.0)) == a.REFUSED_SHELF_TIME
    row = tested.ask(a.SHELVE, value=60.0)
    assert row["until_ns"] == tested.utc_ns + 60 * 10**9
    assert answered(tested.ask(a.SHELVE, value=60.0)) == a.REFUSED_SHELVED
    tested.scan(pv=81.0)
    assert flags_of(tested) == SHELVED | ACTIVE
    silent = occurrence(tested)
    assert answered(tested.ask(s.ACKNOWLEDGE, occurrence=silent)) == a.REFUSED_SILENT
    logged = [row for row in tested.transitions.pop(10) if row["kind"] == s.KIND_ALARM]
    tested.scan(step_ns=60 * 10**9)
    assert flags_of(tested) == MEANINGS[B].flags
    row = tested.transitions.pop(10)[-1]
    assert (row["cause"], row["until_ns"]) == (Trigger.EXPIRE, 0)
    assert row["occurrence"] == occurrence(tested) > silent
    assert row["annunciated_ns"] == tested.utc_ns > row["onset_ns"]
    assert answered(tested.ask(a.UNSHELVE)) == a.REFUSED_NOT_SHELVED
    assert not logged or all(row["annunciated_ns"] == 0 for row in logged)


def test_nothing_is_shelved_where_the_class_forbids_it() -> None:
    tested = Plant(
        site({"pv": {}}, alarms={"a": {"tag": "u/pv", "type": "high", "limit": 1, "max_shelve": "0 s"}})
    )
    assert answered(tested.ask(a.SHELVE, value=1.0)) == a.REFUSED_SHELF_TIME


def test_commands_on_another_occurrence_are_refused() -> None:
    tested = plant(latching=True)
    tested.scan(pv=81.0)
    tested.scan(pv=70.0)
    seen = occurrence(tested)
    tested.scan(pv=81.0)
    for kind in (s.ACKNOWLEDGE, s.RESET, a.SHELVE, a.REMOVE_FROM_SERVICE):
        assert answered(tested.ask(kind, value=60.0, occurrence=seen)) == s.REFUSED_OCCURRENCE
    assert answered(tested.ask(a.REMOVE_FROM_SERVICE)) == 0
    assert answered(tested.ask(a.REMOVE_FROM_SERVICE)) == a.REFUSED_OUT_OF_SERVICE
    assert answered(tested.ask(a.RETURN_TO_SERVICE)) == 0
    assert answered(tested.ask(a.RETURN_TO_SERVICE)) == a.REFUSED_IN_SERVICE
    assert answered(tested.ask(a.SHELVE, index=7, value=1.0)) == s.REFUSED_INVALID


def test_a_bad_condition_suppresses_nothing() -> None:
    tested = plant(latching=False)
    tested.scan(pv=81.0, idle=1.0)
    assert state_of(flags_of(tested)) is H
    tested.sample("idle", 1.0, s.BAD | s.COMM)
    tested.scan()
    assert state_of(flags_of(tested)) is B


def test_a_phase_suppresses() -> None:
    alarm = {"tag": "u/pv", "type": "high", "limit": 80, "suppress": {"phases": ["cip", "sip"]}}
    tested = Plant(site({"pv": {"stale_after": "1 h"}}, armed=False, alarms={"a": alarm}))
    for phase, letter in (("", B), ("cip", H), ("sip", H), ("growth", B)):
        assert answered(tested.ask(logic.ENTER_PHASE, value=float(phase_code(phase)))) == 0
        tested.scan(pv=81.0)
        assert state_of(flags_of(tested)) is letter
