"""Alarms under any sequence of values, qualities and commands: the invariants of the standard."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control import alarm_signal as a
from control import signal as s
from control.alarm_states import SILENT, AlarmState, Trigger, state_of
from tests.unit.control.alarm_oracle import LimitAlarm
from tests.unit.control.alarm_plant import plant, state
from tests.unit.control.plant import Plant, answered, site

VALUES = st.sampled_from([60.0, 77.9, 78.0, 79.0, 80.0, 81.0, math.nan])
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("value"), VALUES, st.booleans()),
        st.tuples(st.just("acknowledge"), st.booleans(), st.none()),
        st.tuples(st.just("shelve"), st.integers(1, 8), st.none()),
        st.tuples(st.just("suppress"), st.booleans(), st.none()),
        st.tuples(st.sampled_from(["reset", "unshelve", "remove", "put_back", "wait"]), st.none(), st.none()),
    ),
    max_size=50,
)
SHAPES = st.fixed_dictionaries(
    {
        "latching": st.booleans(),
        "deadband": st.sampled_from([0, 2]),
        "on": st.sampled_from([0, 3]),
        "off": st.sampled_from([0, 2]),
        "re_alarm": st.sampled_from([0, 4]),
    }
)
KINDS = {
    "acknowledge": s.ACKNOWLEDGE,
    "reset": s.RESET,
    "shelve": a.SHELVE,
    "unshelve": a.UNSHELVE,
    "remove": a.REMOVE_FROM_SERVICE,
    "put_back": a.RETURN_TO_SERVICE,
}


def alarm_of(shape: dict[str, Any]) -> dict[str, Any]:
    delays = {f"{name}_delay": f"{shape[name] / 10} s" for name in ("on", "off")}
    same = {name: shape[name] for name in ("latching", "deadband")}
    more = {"re_alarm": f"{shape['re_alarm'] / 10} s", "suppress": {"when": "u/idle"}}
    return {"tag": "u/pv", "type": "high", "limit": 80} | same | delays | more


class Log:
    """What the transitions alone tell: replayed, they give the state and break no invariant."""

    def __init__(self, latching: bool) -> None:
        self.letter = AlarmState.A
        self._latching = latching
        self._occurrences: set[int] = set()

    def take(self, row: Any) -> None:
        before, after = state_of(int(row["before"])), state_of(int(row["after"]))
        assert before is self.letter
        assert after is not None
        silent = bool(row["after"] & SILENT)
        assert silent == (after in (AlarmState.G, AlarmState.H, AlarmState.I))
        if after is AlarmState.B:
            assert row["occurrence"] not in self._occurrences
            assert row["annunciated_ns"] == row["utc_ns"] >= row["onset_ns"] > 0
            self._occurrences.add(int(row["occurrence"]))
        if silent and row["cause"] == Trigger.RAISE:
            assert row["annunciated_ns"] == 0
        assert self._latching or after not in (AlarmState.E, AlarmState.F)
        assert not self._latching or after is not AlarmState.D
        self.letter = after


@settings(max_examples=150)
@given(shape=SHAPES, actions=ACTIONS)
def test_alarm_is_the_oracle_and_keeps_the_invariants(
    shape: dict[str, Any], actions: list[tuple[str, Any, Any]]
) -> None:
    tags = {"pv": {"stale_after": "1 h"}, "idle": {"stale_after": "1 h", "kind": "bool"}}
    tested = Plant(site(tags, armed=False, alarms={"a": alarm_of(shape)}))
    book, log = LimitAlarm(80.0, **shape), Log(shape["latching"])
    tested.scan(idle=0.0)
    row = tested.state.alarms.row[0]
    value, good = math.nan, False
    for kind, first, second in actions:
        # Commands come before the samples of a scan, and every scan looks at the alarm.
        book.now += 1
        ticket, allowed = 0, False
        if kind in KINDS:
            seen = int(row["occurrence"]) - (1 if kind == "acknowledge" and not first else 0)
            ticket = tested.command(KINDS[kind], value=(first or 0) / 10, occurrence=seen)
            arguments = (first,) if kind == "shelve" else ()
            allowed = (kind != "acknowledge" or first) and getattr(book, kind)(*arguments)
        elif kind == "suppress":
            tested.sample("idle", float(first))
            book.suppress(first)
        elif kind == "value":
            value, good = first, second
            tested.sample("pv", value, s.GOOD if good else s.BAD | s.SENSOR)
        tested.scan()
        book.see(value, good)
        for transition in tested.transitions.pop(100):
            if transition["kind"] == s.KIND_ALARM:
                log.take(transition)
            if ticket and transition["ticket"] == ticket:
                assert (answered(transition) == 0) == allowed
        assert str(log.letter.name) == book.letter
        assert state_of(int(row["flags"])) is log.letter
        assert bool(row["flags"] & 1) == book.active


@pytest.mark.parametrize("latching", [False, True])
def test_acknowledging_and_clearing_may_come_in_either_order(latching: bool) -> None:
    ends = []
    for order in ("ack first", "clear first"):
        tested = plant(latching=latching)
        tested.scan(pv=81.0)
        seen = int(tested.state.alarms.row[0]["occurrence"])
        if order == "clear first":
            tested.scan(pv=70.0)
        assert answered(tested.ask(s.ACKNOWLEDGE, occurrence=seen)) == 0
        if order == "ack first":
            tested.scan(pv=70.0)
        ends.append(state(tested))
    assert ends[0] is ends[1]
    assert ends[0] is (AlarmState.F if latching else AlarmState.A)
