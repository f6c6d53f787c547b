"""Which fields each type of alarm needs, and which mean nothing for it."""

from __future__ import annotations

from typing import Final, NamedTuple

from config.alarms import Alarm, AlarmType


class Fields(NamedTuple):
    """Fields of a type of alarm, beside those that every alarm has."""

    needed: tuple[str, ...]
    allowed: tuple[str, ...] = ()


_LIMIT: Final = Fields(("tag", "limit"), ("deadband", "campaigns"))

FIELDS: Final[dict[AlarmType, Fields]] = {
    AlarmType.HIGH_HIGH: _LIMIT,
    AlarmType.HIGH: _LIMIT,
    AlarmType.LOW: _LIMIT,
    AlarmType.LOW_LOW: _LIMIT,
    AlarmType.DEVIATION: Fields(("tag", "reference", "limit"), ("deadband", "direction", "campaigns")),
    AlarmType.RATE_OF_CHANGE: Fields(("tag", "limit"), ("deadband", "direction", "over", "campaigns")),
    AlarmType.DISCRETE: Fields(("tag",), ("alarm_on",)),
    AlarmType.OFF_NORMAL: Fields(("tag", "normal")),
    AlarmType.DISCREPANCY: Fields(("tag", "command"), ("limit", "deadband", "campaigns")),
    AlarmType.COMMUNICATION: Fields((), ("tag", "device")),
    AlarmType.INSTRUMENT: Fields(("tag",)),
}

_OWN: Final = sorted({name for fields in FIELDS.values() for name in (*fields.needed, *fields.allowed)})


def _is_given(alarm: Alarm, field: str) -> bool:
    return bool(getattr(alarm, field) != Alarm.model_fields[field].get_default(call_default_factory=True))


def missing(alarm: Alarm) -> list[str]:
    """Return the fields that an alarm needs and does not have."""
    found = [field for field in FIELDS[alarm.type].needed if not _is_given(alarm, field)]
    if alarm.type is AlarmType.COMMUNICATION and alarm.tag is None and alarm.device is None:
        found.append("device")
    return found


def surplus(alarm: Alarm) -> list[str]:
    """Return the fields that an alarm has and that mean nothing for its type."""
    fields = FIELDS[alarm.type]
    known = {*fields.needed, *fields.allowed}
    return [field for field in _OWN if field not in known and _is_given(alarm, field)]
