"""The engine's TRANSITION rows as process events."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, Literal

from config.site import Site
from control import signal
from gateway.stream.events import (
    AlarmEvent,
    AlarmLetter,
    ArmedEvent,
    Event,
    InterlockEvent,
    ModeEvent,
    SetPointEvent,
)
from gateway.stream.topics import GATEWAY_LEVEL

_MODES: Final[dict[int, Literal["manual", "auto"]]] = {
    signal.MODE_MANUAL: "manual",
    signal.MODE_AUTO: "auto",
}


class TransitionEvents:
    """Makes events of transition rows, for one configuration."""

    def __init__(self, site: Site, command_of: Callable[[int], str | None]) -> None:
        """Take the configuration that the rows' indices count in.

        Args:
            site: the effective configuration.
            command_of: the id of the command behind a ticket, None where there was no command.
        """
        self._site = site
        self._command_of = command_of
        self._alarms = list(site.alarms.items())
        self._interlocks = list(site.interlocks.items())
        self._loops = list(site.loops)

    def event(self, row: Any) -> Event | None:
        """Return the event of a row; None for rows that only answer a command (done, refused)."""
        make = {
            signal.KIND_ALARM: self._alarm,
            signal.KIND_INTERLOCK: self._interlock,
            signal.KIND_MODE: self._mode,
            signal.KIND_SET_POINT: self._set_point,
            signal.KIND_ARMED: self._armed,
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
        after = _letter(int(row["after"]))
        return AlarmEvent(
            **self._common(row, self._site.unit_of(name)),
            name=name,
            tag=alarm.tag,
            alarm_type=alarm.type,
            priority=alarm.priority,
            before=_letter(int(row["before"])),
            after=after,
            active=after.active,
            acknowledged=after.acknowledged,
            occurrence=int(row["occurrence"]),
            onset_ns=int(row["onset_ns"]),
            value=_finite(float(row["value"])),
            limit=_finite(float(row["limit"])),
            count=int(row["count"]),
            command=command,
        )

    def _interlock(self, row: Any, command: str | None) -> Event:
        name, interlock = self._interlocks[int(row["index"])]
        return InterlockEvent(
            **self._common(row, self._site.unit_of(name)),
            name=name,
            active=bool(row["after"]),
            forces={tag: value.magnitude for tag, value in interlock.force.items()},
            count=int(row["count"]),
            command=command,
        )

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

    def _armed(self, row: Any, command: str | None) -> Event:
        return ArmedEvent(**self._common(row, GATEWAY_LEVEL), armed=bool(row["after"]), command=command)


def _letter(code: int) -> AlarmLetter:
    return AlarmLetter(chr(ord("A") + code))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
