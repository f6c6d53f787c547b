"""Events: valid by the schemas that others read, whole after a trip, made of the engine's rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from jsonschema import Draft202012Validator, ValidationError

from config.loops import Mode
from config.site import Site
from control import alarm_signal, signal
from control.alarm_states import WORDS, state_of
from gateway.stream import alarm_events, events
from gateway.stream.configuration_events import ConfigurationEvent
from gateway.stream.context_events import ContextEvent
from gateway.stream.event_model import Event, rfc3339
from gateway.stream.event_schemas import export, schemas
from gateway.stream.events import parse, to_json, with_header
from gateway.stream.interlock_events import BypassEvent, FirstOutEvent, InterlockEvent
from gateway.stream.loop_events import (
    AutotuneEvent,
    LoopPerformanceEvent,
    MeasuredCycle,
    ProcessModel,
    ProposedSettings,
)
from gateway.stream.profile_events import ProfileEvent
from gateway.stream.transitions import TransitionEvents

PUBLISHED = Path(__file__).parents[3] / "docs" / "reference" / "schemas"
T = 1_700_000_000_123_456_789
COMMON: dict[str, Any] = {"gateway": "gw1", "unit": "u1", "config": "00ff", "time_ns": T}
EXAMPLES: list[Event] = [
    alarm_events.AlarmEvent(
        **COMMON,
        name="u1/high",
        tag="u1/temp.pv",
        alarm_type="high",
        priority="critical",
        before="A",
        after="B",
        active=True,
        acknowledged=False,
        occurrence=5,
        onset_ns=T - 1,
        value=38.5,
        limit=None,
    ),
    alarm_events.AlarmFirstOutEvent(
        **COMMON, name="u1/trip", first="u1/high", indeterminate=False, count=2, occurrence=5, onset_ns=T - 1
    ),
    InterlockEvent(**COMMON, name="u1/overfill", active=True, forces={"u1/pump.sp": 0.0}),
    BypassEvent(**COMMON, name="u1/overfill", bypassed=True, until_ns=T + 9, duration_s=60.0),
    FirstOutEvent(**COMMON, name="u1/trips", state="first", interlock="u1/overfill"),
    events.ModeEvent(**COMMON, name="u1/temp", before=Mode.AUTO, after=Mode.MANUAL, command="c-1"),
    events.SetPointEvent(**COMMON, name="u1/temp", before=None, after=37.0),
    ProfileEvent(
        **COMMON,
        name="u1/warm",
        loop="u1/temp",
        before="idle",
        after="running",
        segment=1,
        segment_name="up",
        set_point=37.0,
        cause="phase",
    ),
    events.TuningEvent(**COMMON, name="u1/temp", parameter="ti", before=600.0, after=900.0, command="c-1"),
    events.CommandEvent(
        **COMMON, command="c-1", user="op", kind="mode", target="u1/temp", value="auto", accepted=True
    ),
    events.ArmedEvent(**COMMON, armed=True),
    events.OverrideEvent(
        **COMMON, name="br1/temp.pv", kind="force", state="begun", value=37.0, until_ns=5, cause="command"
    ),
    events.DeviceEvent(**COMMON, device="plc1", state="restored", duration_s=3.5),
    events.DeviceNoticeEvent(**COMMON, device="plc1", what="clock_off", detail="3.5 s ahead", value=3.5),
    events.ConditionEvent(
        **COMMON,
        device="plc1",
        name="High",
        source="Tank",
        condition="nsu=urn:x;s=Tank.High",
        event="00ff",
        condition_type="ExclusiveLevelAlarmType",
        severity=700,
        message="too full",
        active=True,
        acknowledged=False,
        confirmed=None,
        retain=True,
    ),
    AutotuneEvent(
        **COMMON,
        name="u1/temp",
        state="finished",
        amplitude=5.0,
        set_point=37.0,
        cycle=MeasuredCycle(period_s=600.0, up_s=250.0, swing=0.4, ultimate_gain=20.0),
        model=ProcessModel(kind="integrator", gain=0.001, delay_s=120.0),
        proposals={"simc-pi": ProposedSettings(kp=4.0, ti_s=960.0, td_s=0.0, b=1.0)},
        command="c-1",
    ),
    LoopPerformanceEvent(
        **COMMON,
        name="u1/temp",
        duration_s=600.0,
        service_percent=100.0,
        normal_percent=100.0,
        saturated_percent=0.0,
        mean_error=0.01,
        mean_absolute_error=0.02,
        iae=12.0,
        variability_percent=0.3,
        travel=40.0,
        travel_per_hour=240.0,
        crossings_per_hour=60.0,
        detections=0.5,
        oscillating=False,
    ),
    events.EngineEvent(**COMMON, what="scheduling_refused", detail="real-time priority 50: not permitted"),
    events.GatewayEvent(**COMMON, state="started", program="0.1.0", start="warm", detail="14 loops go on"),
    ConfigurationEvent(
        **COMMON,
        before="0123456789abcdef",
        after="fedcba9876543210",
        user="eve",
        command="c-1",
        changes=["changed loop br1/temp"],
        devices=["ems"],
        gap_s=0.004,
    ),
    ContextEvent(**COMMON, campaign="c-7", batch="b-12", phase="growth", command="c-1", user="mes"),
    events.JournalEvent(**COMMON, what="dropped", detail="over 5 bytes", records=3),
    events.GapEvent(**COMMON, first=3, last=5, reason="dropped"),
]


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.type)
def test_an_event_is_whole_after_a_trip_and_fits_its_schema(event: Event) -> None:
    wire = with_header(to_json(event), 17, 2, 9)
    Draft202012Validator(schemas()[event.type]).validate(orjson.loads(wire))
    back = parse(wire)
    assert (back.epoch, back.partition, back.sequence) == (17, 2, 9)
    assert back.model_copy(update={"epoch": 0, "partition": 0, "sequence": 0}) == event
    assert back.time == "2023-11-14T22:13:20.123456789Z"


def test_there_is_an_example_of_every_type() -> None:
    assert {event.type for event in EXAMPLES} == set(schemas())


def test_the_published_schemas_are_those_of_the_program(tmp_path: Path) -> None:
    made = {file.name: file.read_bytes() for file in export(tmp_path)}
    published = {file.name: file.read_bytes() for file in PUBLISHED.glob("*.json")}
    assert published == made, "run: python -m gateway.stream.event_schemas docs/reference/schemas"


@pytest.mark.parametrize("missing", ["id", "epoch", "sequence", "time", "time_ns", "type", "first"])
def test_the_schema_demands_what_every_event_carries(missing: str) -> None:
    wire = orjson.loads(with_header(to_json(EXAMPLES[-1]), 1, 0, 1))
    del wire[missing]
    with pytest.raises(ValidationError):
        Draft202012Validator(schemas()["gap"]).validate(wire)


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"type": "gap"}', b'{"type": "other"}', b"\xff"])
def test_what_is_no_event_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's own error, whatever its text
        parse(payload)


def test_a_reader_ignores_keys_that_it_does_not_know() -> None:
    wire = orjson.loads(with_header(to_json(EXAMPLES[-1]), 1, 0, 1))
    assert parse(orjson.dumps({**wire, "colour": "red"})).type == "gap"


def test_times_are_written_to_the_nanosecond() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00.000000000Z"
    assert rfc3339(-1) == "1969-12-31T23:59:59.999999999Z"
    assert rfc3339(1) == "1970-01-01T00:00:00.000000001Z"


@pytest.fixture
def site() -> Site:
    return Site.model_validate(
        {
            "site": {"name": "works"},
            "gateway": {"name": "gw1"},
            "units": {
                "u1": {
                    "area": "a",
                    "cell": "c",
                    "tags": {"temp.pv": {}, "heater.out": {}},
                    "alarms": {
                        "high": {
                            "tag": "u1/temp.pv",
                            "type": "high",
                            "limit": 40,
                            "priority": "high",
                            "first_out": "trip",
                        }
                    },
                    "interlocks": {"hot": {"when": "u1/temp.pv > 50", "force": {"u1/heater.out": 0}}},
                    "loops": {"temp": {"pv": "u1/temp.pv", "output": "u1/heater.out", "kp": 1, "sp": 37}},
                }
            },
        }
    )


def row(**values: float) -> Any:
    made = np.zeros(1, signal.TRANSITION)[0]
    made["utc_ns"], made["count"], made["ticket"] = T, 1, 77
    for name, value in values.items():
        made[name] = value
    return made


def test_transitions_become_events(site: Site) -> None:
    maker = TransitionEvents(site, {77: "c-9"}.get, {77: "ann"}.get)
    nan = float("nan")

    alarm = maker.event(
        row(kind=signal.KIND_ALARM, before=0, after=3, value=41.0, limit=40.0, occurrence=6, onset_ns=T - 5)
    )
    assert isinstance(alarm, alarm_events.AlarmEvent)
    assert (alarm.name, alarm.tag, alarm.unit, alarm.gateway) == ("u1/high", "u1/temp.pv", "u1", "gw1")
    assert (alarm.before, alarm.after, alarm.active, alarm.acknowledged) == ("A", "B", True, False)
    assert (alarm.value, alarm.limit, alarm.occurrence, alarm.onset_ns) == (41.0, 40.0, 6, T - 5)
    assert (alarm.command, alarm.time_ns, alarm.priority) == ("c-9", T, "high")

    without_value = maker.event(row(kind=signal.KIND_ALARM, before=6, after=4, value=nan, ticket=0, cause=2))
    assert isinstance(without_value, alarm_events.AlarmEvent)
    assert (without_value.value, without_value.command, without_value.after) == (None, None, "F")
    assert (without_value.cause, without_value.user, alarm.user) == ("acknowledge", None, "ann")

    first = maker.event(row(kind=alarm_signal.KIND_ALARM_FIRST_OUT, after=0, value=2, cause=0))
    tied = maker.event(row(kind=alarm_signal.KIND_ALARM_FIRST_OUT, after=0, value=2, cause=1))
    assert isinstance(first, alarm_events.AlarmFirstOutEvent)
    assert isinstance(tied, alarm_events.AlarmFirstOutEvent)
    assert (first.name, first.first, tied.first, tied.indeterminate) == ("u1/trip", "u1/high", None, True)

    interlock = maker.event(row(kind=signal.KIND_INTERLOCK, after=1, count=3))
    assert isinstance(interlock, InterlockEvent)
    assert (interlock.name, interlock.active, interlock.count) == ("u1/hot", True, 3)
    assert interlock.forces == {"u1/heater.out": 0.0}

    mode = maker.event(row(kind=signal.KIND_MODE, before=signal.MODE_AUTO, after=signal.MODE_MANUAL))
    assert isinstance(mode, events.ModeEvent)
    assert (mode.name, mode.before, mode.after) == ("u1/temp", "auto", "manual")

    set_point = maker.event(row(kind=signal.KIND_SET_POINT, value=38.0, limit=37.0))
    assert isinstance(set_point, events.SetPointEvent)
    assert (set_point.before, set_point.after) == (37.0, 38.0)

    tuning = maker.event(
        row(kind=signal.KIND_TUNED, before=signal.TUNE_OUT_RATE, value=2.0, limit=float("inf"))
    )
    assert isinstance(tuning, events.TuningEvent)
    assert (tuning.name, tuning.parameter, tuning.before, tuning.after) == ("u1/temp", "out_rate", None, 2.0)

    armed = maker.event(row(kind=signal.KIND_ARMED, after=1))
    assert isinstance(armed, events.ArmedEvent)
    assert (armed.armed, armed.unit) == (True, "_gateway")


FOUR_STATES = {
    "A": (False, True), "B": (True, False), "C": (True, True), "D": (False, False), "E": (False, False),
    "F": (False, True),
}  # fmt: skip


def test_every_word_of_flags_has_its_letter_and_the_view_of_four_states(site: Site) -> None:
    maker = TransitionEvents(site, lambda _: None)
    for flags in range(WORDS):
        if state_of(flags) is None:
            continue
        alarm = maker.event(row(kind=signal.KIND_ALARM, after=flags, ticket=0))
        assert isinstance(alarm, alarm_events.AlarmEvent)
        view = (alarm.active, alarm.acknowledged)
        assert view == FOUR_STATES.get(alarm.after, (bool(flags & 1), True))
        assert (alarm.shelved or alarm.suppressed or alarm.out_of_service) == (alarm.after in "GHI")


def test_answers_to_commands_are_no_events_of_their_own(site: Site) -> None:
    maker = TransitionEvents(site, lambda _ticket: None)
    assert maker.event(row(kind=signal.KIND_DONE)) is None
    assert maker.event(row(kind=signal.KIND_REFUSED)) is None
