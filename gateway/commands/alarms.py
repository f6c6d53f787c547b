"""Commands on alarms: what they need, who may send them by the alarm's class, and their engine rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from config.access import User
from config.alarms import Alarm
from config.quantities import QuantityError, duration_text, parse_duration
from config.site import Site
from control import alarm_signal, signal
from gateway.commands.message import CommandMessage, SeenAlarm
from gateway.commands.rows import EngineRow, Refused, position

KINDS: Final = {
    "acknowledge": signal.ACKNOWLEDGE,
    "reset": signal.RESET,
    "shelve": alarm_signal.SHELVE,
    "unshelve": alarm_signal.UNSHELVE,
    "remove_from_service": alarm_signal.REMOVE_FROM_SERVICE,
    "return_to_service": alarm_signal.RETURN_TO_SERVICE,
}
_SERVICE: Final = ("remove_from_service", "return_to_service")
_NEEDS_OCCURRENCE: Final = ("acknowledge", "reset")
_NEEDS_REASON: Final = ("shelve", "remove_from_service")


def is_on_alarm(site: Site, command: CommandMessage) -> bool:
    """Say whether a command is on an alarm, a page of them or a group of them."""
    if command.kind == "reset":
        return command.target not in site.interlocks and command.target not in site.first_out_groups
    return command.kind in KINDS


def why_not_by_class(site: Site, user: User, command: CommandMessage) -> str | None:
    """Return why the class of an alarm does not let a user do this, or None if it does."""
    alarm = site.alarms.get(command.target)
    if alarm is None or command.kind not in _SERVICE:
        return None
    return why_not_service(site, user, alarm, command.kind)


def why_not_service(site: Site, user: User, alarm: Alarm, kind: str) -> str | None:
    """Return why a user may not take an alarm out of service or return it, or None if its class lets them."""
    roles = site.class_of(alarm).out_of_service
    if user.role in roles:
        return None
    who = " or ".join(roles) or "nobody"
    return f"role {user.role} may not {kind} alarms of class {alarm.alarm_class or 'none'!r}: {who} may"


def alarm_row(site: Site, command: CommandMessage) -> EngineRow:
    """Return the engine's row for a command on an alarm or a first-out group of alarms.

    Raises:
        Refused: unknown target; occurrence, reason or time missing or not allowed.
    """
    if command.kind == "reset" and command.target in site.alarm_groups:
        return EngineRow(alarm_signal.RESET_FIRST_OUT, list(site.alarm_groups).index(command.target))
    what = "alarm, interlock or first-out group" if command.kind == "reset" else "alarm"
    index = position(site.alarms, command.target, what)
    if command.kind in _NEEDS_OCCURRENCE and command.occurrence is None:
        raise Refused(f"{command.kind} needs the occurrence of the alarm that was seen")
    if command.kind in _NEEDS_REASON and not command.reason.strip():
        raise Refused(f"{command.kind} needs a reason")
    alarm = site.alarms[command.target]
    if command.kind == "acknowledge":
        _check_comment(site, alarm, command)
    value = _shelf_time_s(site, alarm, command) if command.kind == "shelve" else 0.0
    return EngineRow(KINDS[command.kind], index, value=value, occurrence=command.occurrence or 0)


def _check_comment(site: Site, alarm: Alarm, command: CommandMessage) -> None:
    if site.class_of(alarm).comment_required and not command.reason.strip():
        raise Refused(f"alarms of class {alarm.alarm_class!r} are acknowledged with a comment: give a reason")


def _shelf_time_s(site: Site, alarm: Alarm, command: CommandMessage) -> float:
    longest_s = site.class_of(alarm).max_shelve
    if longest_s == 0.0:
        raise Refused(f"alarm {command.target!r} must not be shelved")
    try:
        time_s = parse_duration(command.value) if isinstance(command.value, str) else command.value
    except QuantityError as error:
        raise Refused(str(error)) from None
    if time_s is None or not 0.0 < time_s <= longest_s:
        raise Refused(f"shelve needs a time up to {duration_text(longest_s)}")
    return time_s


def page_rows(site: Site, command: CommandMessage) -> list[tuple[SeenAlarm, EngineRow]]:
    """Return the engine's rows for a page of alarms that are acknowledged together.

    Raises:
        Refused: one of them does not exist, is of another unit, or needs a comment.
    """
    rows = []
    for seen in command.alarms:
        index = position(site.alarms, seen.alarm, "alarm")
        if site.unit_of(seen.alarm) != command.target:
            raise Refused(f"{seen.alarm!r} is no alarm of {command.target!r}")
        _check_comment(site, site.alarms[seen.alarm], command)
        rows.append((seen, EngineRow(signal.ACKNOWLEDGE, index, occurrence=seen.occurrence)))
    return rows


async def acknowledge_page(
    rows: list[tuple[SeenAlarm, EngineRow]], ask: Callable[[EngineRow], Awaitable[Any]]
) -> tuple[int, str]:
    """Acknowledge a page of alarms; return how many were, and why the others were not.

    Raises:
        Refused: none of them was.
    """
    answers = await asyncio.gather(*(ask(row) for _, row in rows), return_exceptions=True)
    refused = []
    for (seen, _), answer in zip(rows, answers, strict=True):
        if isinstance(answer, Refused):
            refused.append(f"{seen.alarm}: {answer}")
        elif isinstance(answer, BaseException):
            raise answer
    if len(refused) == len(rows):
        raise Refused("; ".join(refused))
    return len(rows) - len(refused), "; ".join(refused)
