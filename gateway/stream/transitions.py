"""The engine's TRANSITION rows as process events."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from config.site import Site
from control import actuation_signal, alarm_signal, logic_signal, signal
from control.alarm_states import (
    ACTIVE,
    OUT_OF_SERVICE,
    SHELVED,
    SUPPRESSED,
    UNACKNOWLEDGED,
    Trigger,
    state_of,
)
from control.loop_tables import MODES
from control.parameters import NAMES as PARAMETER_NAMES
from control.rings import Row
from gateway.stream.alarm_events import AlarmCause, AlarmEvent, AlarmFirstOutEvent, AlarmLetter
from gateway.stream.arming_transitions import override_event, tag_of
from gateway.stream.event_model import Event
from gateway.stream.events import ArmedEvent, ModeEvent, SetPointEvent, TuningEvent
from gateway.stream.interlock_transitions import bypass_event, first_out_event, interlock_event
from gateway.stream.loop_events import AutotuneEvent
from gateway.stream.profile_events import profile_event
from gateway.stream.topics import GATEWAY_LEVEL
from gateway.tuning.outcome import STATES, result_of

_CAUSES: Final[dict[int, AlarmCause]] = {
    Trigger.RAISE: "raise",
    Trigger.CLEAR: "clear",
    Trigger.ACKNOWLEDGE: "acknowledge",
    Trigger.RESET: "reset",
    Trigger.RE_ALARM: "re-alarm",
    Trigger.SHELVE: "shelve",
    Trigger.UNSHELVE: "unshelve",
    Trigger.EXPIRE: "expire",
    Trigger.SUPPRESS: "suppress",
    Trigger.UNSUPPRESS: "unsuppress",
    Trigger.REMOVE: "remove",
    Trigger.RETURN: "return",
}

_MODES: Final = {code: mode for mode, code in MODES.items()}


class TransitionEvents:
    """Makes events of transition rows, for one configuration."""

    def __init__(
        self,
        site: Site,
        command_of: Callable[[int], str | None],
        user_of: Callable[[int], str | None] = lambda _: None,
        relay_of: Callable[[int], Row] | None = None,
    ) -> None:
        """Take the configuration that the rows' indices count in.

        Args:
            site: the effective configuration.
            command_of: the id of the command behind a ticket, None where there was no command.
            user_of: who sent it.
            relay_of: the RELAY row of a loop by its position, asked for KIND_RELAY; without it the event
                of a relay test has no result.
        """
        self._site = site
        self._command_of, self._user_of, self._relay_of = command_of, user_of, relay_of
        self._alarm_groups = list(site.alarm_groups)
        self._alarms = list(site.alarms.items())
        self._interlocks = list(site.interlocks.items())
        self._groups = list(site.first_out_groups.items())
        self._loops = list(site.loops)

    def event(self, row: Any) -> Event | None:
        """Return the event of a row; None for rows that only answer a command (done, refused)."""
        make = {
            signal.KIND_ALARM: self._alarm,
            alarm_signal.KIND_ALARM_FIRST_OUT: self._alarm_first_out,
            signal.KIND_INTERLOCK: self._interlock,
            logic_signal.KIND_BYPASS: self._bypass,
            logic_signal.KIND_FIRST_OUT: self._first_out,
            signal.KIND_MODE: self._mode,
            signal.KIND_SET_POINT: self._set_point,
            signal.KIND_TUNED: self._tuned,
            signal.KIND_PROFILE: self._profile,
            signal.KIND_ARMED: self._armed,
            actuation_signal.KIND_DEVICE_ARMED: self._device_armed,
            actuation_signal.KIND_OVERRIDE: self._override,
            signal.KIND_RELAY: self._relay,
        }.get(int(row["kind"]))
        return None if make is None else make(row, self._command_of(int(row["ticket"])))

    def _common(self, row: Any, unit: str) -> dict[str, Any]:
        return {
            "gateway": self._site.gateway.name,
            "unit": unit,
            "config": self._site.fingerprint,
            "time_ns": int(row["utc_ns"]),
        }

    def _alarm(self, row: Any, command: str | None) -> Event:
        name, alarm = self._alarms[int(row["index"])]
        flags = int(row["after"])
        return AlarmEvent(
            **self._common(row, self._site.unit_of(name)),
            name=name,
            tag=alarm.tag or "",
            alarm_type=alarm.type,
            priority=alarm.priority,
            alarm_class=alarm.alarm_class or "",
            before=_letter(int(row["before"])),
            after=_letter(flags),
            cause=_CAUSES[int(row["cause"])],
            active=bool(flags & ACTIVE),
            acknowledged=not flags & UNACKNOWLEDGED,
            shelved=bool(flags & SHELVED),
            suppressed=bool(flags & SUPPRESSED),
            out_of_service=bool(flags & OUT_OF_SERVICE),
            occurrence=int(row["occurrence"]),
            onset_ns=int(row["onset_ns"]),
            annunciated_ns=int(row["annunciated_ns"]) or None,
            shelved_until_ns=int(row["until_ns"]) or None,
            value=_finite(float(row["value"])),
            limit=_finite(float(row["limit"])),
            order=int(row["order"]) or None,
            count=int(row["count"]),
            command=command,
            user=self._user_of(int(row["ticket"])),
        )

    def _alarm_first_out(self, row: Any, command: str | None) -> Event:
        name, first = self._alarm_groups[int(row["index"])], int(row["after"])
        indeterminate = bool(row["cause"])
        return AlarmFirstOutEvent(
            **self._common(row, self._site.unit_of(name)),
            name=name,
            first=None if first < 0 or indeterminate else self._alarms[first][0],
            indeterminate=indeterminate,
            count=int(row["value"]),
            occurrence=int(row["occurrence"]),
            onset_ns=int(row["onset_ns"]),
            command=command,
            user=self._user_of(int(row["ticket"])),
        )

    def _interlock(self, row: Any, command: str | None) -> Event:
        name, interlock = self._interlocks[int(row["index"])]
        return interlock_event(self._common(row, self._site.unit_of(name)), name, interlock, row, command)

    def _bypass(self, row: Any, command: str | None) -> Event:
        name, _ = self._interlocks[int(row["index"])]
        return bypass_event(self._common(row, self._site.unit_of(name)), name, row, command)

    def _first_out(self, row: Any, command: str | None) -> Event:
        name, members = self._groups[int(row["index"])]
        return first_out_event(self._common(row, self._site.unit_of(name)), name, members, row, command)

    def _mode(self, row: Any, command: str | None) -> Event:
        name = self._loops[int(row["index"])]
        return ModeEvent(
            **self._common(row, self._site.unit_of(name)),
            name=name,
            before=_MODES[int(row["before"])],
            after=_MODES[int(row["after"])],
            count=int(row["count"]),
            command=command,
        )

    def _set_point(self, row: Any, command: str | None) -> Event:
        name = self._loops[int(row["index"])]
        return SetPointEvent(
            **self._common(row, self._site.unit_of(name)),
            name=name,
            before=_finite(float(row["limit"])),
            after=float(row["value"]),
            command=command,
        )

    def _tuned(self, row: Any, command: str | None) -> Event:
        name = self._loops[int(row["index"])]
        return TuningEvent(
            **self._common(row, self._site.unit_of(name)),
            name=name,
            parameter=PARAMETER_NAMES[int(row["before"])],
            before=_finite(float(row["limit"])),
            after=float(row["value"]),
            command=command,
        )

    def _relay(self, row: Any, command: str | None) -> Event:
        position = int(row["index"])
        name = self._loops[position]
        speed = self._site.speed_of_tag(self._site.loops[name].pv)
        return AutotuneEvent(
            **self._common(row, self._site.unit_of(name)),
            **({} if self._relay_of is None else result_of(self._relay_of(position), speed)),
            name=name,
            state=STATES[int(row["after"])],
            amplitude=float(row["value"]),
            set_point=float(row["limit"]),
            command=command,
        )

    def _profile(self, row: Any, command: str | None) -> Event:
        name = list(self._site.profiles)[int(row["index"])]
        return profile_event(self._site, name, self._common(row, self._site.unit_of(name)), row, command)

    def _device_armed(self, row: Any, command: str | None) -> Event:
        device = list(self._site.devices)[int(row["index"])]
        armed = bool(row["after"])
        return ArmedEvent(**self._common(row, GATEWAY_LEVEL), armed=armed, device=device, command=command)

    def _override(self, row: Any, command: str | None) -> Event:
        name = tag_of(self._site, row)
        common = self._common(row, self._site.unit_of(name))
        return override_event(common, name, row, command, self._user_of(int(row["ticket"])))

    def _armed(self, row: Any, command: str | None) -> Event:
        return ArmedEvent(**self._common(row, GATEWAY_LEVEL), armed=bool(row["after"]), command=command)


def _letter(flags: int) -> AlarmLetter:
    state = state_of(flags)
    assert state is not None, flags
    return AlarmLetter(state.name)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
