"""What ends with an engine is told: alarms whose definition changed, and relay tests."""

from __future__ import annotations

from control.alarm_states import ACTIVE, SHELVED, UNACKNOWLEDGED
from control.carry.ended import EndedAlarm, EndedTest
from gateway.stream.ended_events import ended_alarm, ended_test
from gateway.stream.events import AlarmEvent
from gateway.stream.loop_events import AutotuneEvent
from tests.unit.control.carry.test_transfer import make


def test_a_relay_test_is_told_as_aborted_with_the_reason() -> None:
    event = ended_test(make(), EndedTest("u/l", 6.0, 50.0), "the gateway was restarted", 17)
    assert isinstance(event, AutotuneEvent)
    assert (event.name, event.unit, event.time_ns) == ("u/l", "u", 17)
    assert (event.state, event.reason) == ("aborted", "the gateway was restarted")
    assert (event.amplitude, event.set_point) == (6.0, 50.0)
    assert event.proposals == {}
    assert ended_test(make(), EndedTest("u/gone", 6.0, 50.0), "", 17) is None


def test_an_alarm_of_another_definition_is_told_as_cleared_and_stays_on_the_shelf() -> None:
    event = ended_alarm(make(), EndedAlarm("u/high", ACTIVE | UNACKNOWLEDGED, 4711), 17)
    assert isinstance(event, AlarmEvent)
    assert (event.name, event.before, event.after, event.occurrence) == ("u/high", "B", "A", 4711)
    shelved = ended_alarm(make(), EndedAlarm("u/high", ACTIVE | SHELVED, 4711), 17)
    assert isinstance(shelved, AlarmEvent)
    assert shelved.shelved
    assert not shelved.active
    assert ended_alarm(make(), EndedAlarm("u/gone", ACTIVE, 1), 17) is None
