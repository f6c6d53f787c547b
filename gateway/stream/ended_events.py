"""Events of what ended with an engine: by a restart, or because its definition changed."""

from __future__ import annotations

import math

import numpy as np

from config.site import Site
from control import signal
from control.alarm_states import OUT_OF_SERVICE, SHELVED, Trigger
from control.carry.ended import EndedAlarm, EndedTest
from gateway.stream.event_model import Event
from gateway.stream.loop_events import AutotuneEvent
from gateway.stream.transitions import TransitionEvents


def ended_alarm(site: Site, alarm: EndedAlarm, time_ns: int) -> Event | None:
    """Return that an alarm is normal because its definition changed; None for one that is gone."""
    names = list(site.alarms)
    if alarm.name not in names:
        return None
    row = np.zeros(1, signal.TRANSITION)
    row["kind"], row["index"], row["utc_ns"] = signal.KIND_ALARM, names.index(alarm.name), time_ns
    row["before"], row["occurrence"], row["count"] = alarm.flags, alarm.occurrence, 1
    row["after"], row["cause"] = alarm.flags & (SHELVED | OUT_OF_SERVICE), Trigger.CLEAR
    row["value"] = row["limit"] = math.nan
    return TransitionEvents(site, lambda _: None).event(row[0])


def ended_test(site: Site, test: EndedTest, reason: str, time_ns: int) -> Event | None:
    """Return that a relay test ended with its engine; None where its loop is gone."""
    if test.loop not in site.loops:
        return None
    return AutotuneEvent(
        gateway=site.gateway.name,
        unit=site.unit_of(test.loop),
        config=site.fingerprint,
        time_ns=time_ns,
        name=test.loop,
        state="aborted",
        reason=reason,
        amplitude=test.amplitude,
        set_point=test.set_point,
    )
