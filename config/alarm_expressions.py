"""What an alarm compares, and what suppresses it, written in the expression language.

An alarm on anything but a tag's own value is a threshold on a derived value: the expression is checked
and compiled like a calculation, and no type of alarm needs a kernel of its own.
"""

from __future__ import annotations

from config.alarm_fields import missing
from config.alarms import Alarm, AlarmType, Direction
from config.expressions.printer import name_text, number_text
from config.phases import PACKML_STATES
from config.tags import TagKind


def derived_expression(alarm: Alarm, kind: TagKind) -> str | None:
    """Return the expression of the value that an alarm compares; None where that is its tag's own.

    Args:
        alarm: with full names.
        kind: of the alarm's tag.
    """
    if alarm.tag is None or missing(alarm) or kind is TagKind.TEXT:
        return None
    if kind is TagKind.BOOL and alarm.type is not AlarmType.DISCREPANCY:
        return None
    tag = name_text(alarm.tag)
    match alarm.type:
        case AlarmType.DEVIATION:
            return _on_side(f"({tag} - {name_text(alarm.reference or '')})", alarm.direction)
        case AlarmType.RATE_OF_CHANGE:
            return _on_side(f"rate({tag}, {number_text(alarm.over)} s)", alarm.direction)
        case AlarmType.OFF_NORMAL:
            normal = " or ".join(f"{tag} == {number_text(value)}" for value in alarm.normal)
            return f"not ({normal})"
        case AlarmType.DISCREPANCY:
            command = name_text(alarm.command or "")
            return f"{tag} != {command}" if kind is TagKind.BOOL else f"abs({tag} - {command})"
        case _:
            return None


def _on_side(value: str, direction: Direction) -> str:
    return {Direction.ABOVE: value, Direction.BELOW: f"-{value}", Direction.BOTH: f"abs({value})"}[direction]


def suppressing_expression(alarm: Alarm) -> str | None:
    """Return the expression that is true while the design suppresses an alarm; None without one."""
    if alarm.suppress is None:
        return None
    parts = [] if alarm.suppress.when is None else [f"({alarm.suppress.when})"]
    packml = alarm.suppress.packml
    if packml is not None:
        tag = name_text(packml.tag)
        parts += [f"{tag} == {PACKML_STATES[state]}" for state in packml.states]
    return " or ".join(parts) or None
