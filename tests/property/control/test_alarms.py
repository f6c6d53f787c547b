"""Alarms under any sequence of values, qualities and commands: the invariants of the standard."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from control import signal as s
from control.alarm_states import MEANINGS, NEXT, AlarmState
from tests.unit.control.oracle import LimitAlarm
from tests.unit.control.plant import Plant, answered, site

VALUES = st.sampled_from([60.0, 77.9, 78.0, 79.0, 80.0, 81.0, math.nan])
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("value"), VALUES, st.booleans()),
        st.tuples(st.just("acknowledge"), st.booleans(), st.none()),
        st.tuples(st.just("reset"), st.none(), st.none()),
    ),
    max_size=40,
)
SHAPES = st.tuples(st.booleans(), st.sampled_from([0, 2]), st.sampled_from([0, 3]), st.sampled_from([0, 2]))


@settings(max_examples=120, deadline=None)
@given(shape=SHAPES, actions=ACTIONS)
def test_alarm_is_the_oracle_and_keeps_the_invariants(
    shape: tuple[bool, int, int, int], actions: list[tuple[str, object, object]]
) -> None:
    latching, deadband, on, off = shape
    alarm = {"tag": "u/pv", "type": "high", "limit": 80, "deadband": deadband, "latching": latching}
    alarm |= {"on_delay": f"{on / 10} s", "off_delay": f"{off / 10} s"}
    tested = Plant(site({"pv": {"stale_after": "1 h"}}, armed=False, alarms={"a": alarm}))
    book = LimitAlarm(80.0, deadband=deadband, on_s=on / 10, off_s=off / 10, latching=latching)
    tested.scan()
    row = tested.state.alarms.row[0]
    value, good = math.nan, False
    occurrences: set[int] = set()
    letter = AlarmState.A
    for kind, first, second in actions:
        # Commands come before the samples of a scan, and every scan looks at the alarm.
        if kind == "acknowledge":
            seen = int(row["occurrence"]) - (0 if first else 1)
            ticket = tested.command(s.ACKNOWLEDGE, occurrence=seen)
            allowed = bool(first) and book.acknowledge()
        elif kind == "reset":
            ticket = tested.command(s.RESET)
            allowed = book.reset()
        else:
            ticket, allowed = 0, False
            assert isinstance(first, float)
            value, good = first, bool(second)
            tested.sample("pv", value, s.GOOD if good else s.BAD | s.SENSOR)
        tested.scan()
        book.see(value, good, 0.1)
        for transition in tested.transitions.pop(100):
            if transition["kind"] == s.KIND_ALARM:
                before, after = AlarmState(transition["before"]), AlarmState(transition["after"])
                assert before is letter
                assert after in NEXT[before, :, int(latching)]
                if after is AlarmState.B:
                    assert transition["occurrence"] not in occurrences
                    occurrences.add(int(transition["occurrence"]))
                letter = after
            if ticket and transition["ticket"] == ticket:
                assert (answered(transition) == 0) == allowed
        assert AlarmState(row["state"]).name == book.letter == letter.name
        assert latching or letter not in (AlarmState.E, AlarmState.F)
        assert MEANINGS[letter].active == book.active
