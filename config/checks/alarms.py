"""Alarms: their fields, units, deadbands and records, and the order of the limits on one tag."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Final, NamedTuple

from config.alarm_fields import missing, surplus
from config.alarms import LIMITS, Alarm, AlarmType
from config.checks.context import Context, text
from config.errors import Path
from config.suggest import did_you_mean, listed
from config.tags import Tag, TagKind

_KINDS: Final = {
    AlarmType.DISCRETE: (TagKind.BOOL, "a bool; a number has high, low or off_normal alarms"),
    AlarmType.OFF_NORMAL: (TagKind.NUMBER, "a number; a bool has a discrete alarm"),
    AlarmType.DEVIATION: (TagKind.NUMBER, "a number"),
    AlarmType.RATE_OF_CHANGE: (TagKind.NUMBER, "a number"),
}
_RECORD: Final = ("cause", "consequence", "action", "time_to_respond")


class _Limit(NamedTuple):
    value: float
    alarm: str


def check(context: Context) -> None:
    """Check every alarm, and the alarms of each tag together."""
    limits: dict[str, dict[AlarmType, list[_Limit]]] = defaultdict(lambda: defaultdict(list))
    for full, alarm in context.site.alarms.items():
        path = context.path("alarms", full)
        _management(context, path, alarm)
        context.period(alarm.period, (*path, "period"))
        if _fields(context, path, alarm) and alarm.tag is not None:
            number = _numbers(context, path, alarm, context.site.tags[alarm.tag])
            _campaigns(context, path, alarm, context.site.tags[alarm.tag])
            if number is not None and alarm.is_limit:
                limits[alarm.tag][alarm.type].append(_Limit(number, full))
    for tag_name, by_type in limits.items():
        _order(context, tag_name, by_type)
    _consoles(context)


def _fields(context: Context, path: Path, alarm: Alarm) -> bool:
    """Check that an alarm has what its type needs and nothing else; return whether it may be judged on."""
    lacking = missing(alarm)
    for field in lacking:
        context.error(
            (*path, field), f"is missing: an alarm of type {alarm.type} needs it", f"add {field}: …"
        )
    for field in surplus(alarm):
        context.error(
            (*path, field),
            f"means nothing for an alarm of type {alarm.type}",
            "leave it out, or change the type",
        )
    if alarm.device is not None and alarm.device not in context.site.devices:
        fix = did_you_mean(alarm.device, context.site.devices, f"devices: {listed(context.site.devices)}")
        context.error((*path, "device"), f"there is no device {alarm.device!r}", fix)
    if alarm.tag is None or lacking:
        return False
    kind = context.site.tags[alarm.tag].kind
    wanted, fix = _KINDS.get(alarm.type, (kind, ""))
    if kind is TagKind.TEXT and alarm.type not in (AlarmType.COMMUNICATION, AlarmType.INSTRUMENT):
        context.error((*path, "tag"), f"{alarm.tag!r} is a text", "an alarm needs a number or a bool")
    elif kind is TagKind.TEXT:
        context.error((*path, "tag"), f"{alarm.tag!r} is a text", "name a tag that is a number or a bool")
    elif kind is not wanted:
        context.error((*path, "tag"), f"{alarm.tag!r} is a {kind}", f"{alarm.type} needs {fix}")
    else:
        return True
    return False


def _numbers(context: Context, path: Path, alarm: Alarm, tag: Tag) -> float | None:
    """Check limit and deadband; return the limit in the unit it is compared in."""
    if alarm.type is AlarmType.RATE_OF_CHANGE:
        limit = context.rate(alarm.limit, tag.unit, (*path, "limit"))
        deadband = context.rate(alarm.deadband, tag.unit, (*path, "deadband"))
    else:
        limit = context.number(alarm.limit, tag.unit, (*path, "limit"), span=not alarm.is_limit)
        deadband = context.number(alarm.deadband, tag.unit, (*path, "deadband"), span=True)
    if deadband is not None and deadband < 0:
        context.error((*path, "deadband"), f"{alarm.deadband} is negative", "write 0 or more")
    if limit is None:
        if alarm.type is AlarmType.DISCREPANCY and tag.kind is TagKind.NUMBER and alarm.limit is None:
            context.error((*path, "limit"), "is missing: numbers differ always a little", "add limit: …")
        return None
    if not alarm.is_limit:
        if limit <= 0:
            context.error((*path, "limit"), f"{alarm.limit} is not above 0", "write how far it may go")
        return limit
    low, high = context.range_of(tag)
    if not low <= limit <= high:
        context.warn(
            (*path, "limit"), f"{alarm.limit} is outside the tag's range, {text(low, tag.unit)} to "
            f"{text(high, tag.unit)}: the alarm tells no more than bad quality does",
        )  # fmt: skip
    return limit


def _campaigns(context: Context, path: Path, alarm: Alarm, tag: Tag) -> None:
    """Check the limits of campaigns like the alarm's own."""
    for name, own in alarm.campaigns.items():
        where = (*path, "campaigns", name)
        deadband = alarm.deadband if own.deadband is None else own.deadband
        _numbers(context, where, alarm.model_copy(update={"limit": own.limit, "deadband": deadband}), tag)
        if not own.approval.approver:
            context.error(
                (*where, "approval", "approver"), "is missing: a limit of a campaign must be approved",
                "name who approved it",
            )  # fmt: skip


def _management(context: Context, path: Path, alarm: Alarm) -> None:
    """Check class, record and priority of an alarm."""
    management = context.site.alarm_management
    if alarm.alarm_class is not None and alarm.alarm_class not in management.classes:
        fix = did_you_mean(alarm.alarm_class, management.classes, f"classes: {listed(management.classes)}")
        context.error((*path, "alarm_class"), f"there is no class {alarm.alarm_class!r}", fix)
    lacking = [field for field in _RECORD if not getattr(alarm, field)]
    if lacking:
        context.warn(
            path, f"its rationalisation lacks {listed(lacking)}",
            "write it down; what needs no action is an event, not an alarm",
        )  # fmt: skip
    if alarm.severity is None or alarm.time_to_respond is None:
        return
    wanted = management.priority(alarm.severity, alarm.time_to_respond)
    if alarm.priority is not wanted:
        context.warn(
            (*path, "priority"), f"is {alarm.priority}; the matrix gives {wanted} for a {alarm.severity} "
            f"consequence with {alarm.time_to_respond:g} s to respond", f"priority: {wanted}",
        )  # fmt: skip


def _consoles(context: Context) -> None:
    for name, console in context.site.alarm_management.consoles.items():
        for index, unit in enumerate(console.units):
            if unit not in context.site.units:
                path: Path = ("alarm_management", "consoles", name, "units", index)
                fix = did_you_mean(unit, context.site.units, f"units: {listed(context.site.units)}")
                context.error(path, f"there is no unit {unit!r}", fix)


def _order(context: Context, tag: str, by_type: dict[AlarmType, list[_Limit]]) -> None:
    present = [kind for kind in LIMITS if kind in by_type]
    unit = context.site.tags[tag].unit
    for lower, upper in itertools.pairwise(present):
        below, above = max(by_type[lower]), min(by_type[upper])
        if below.value >= above.value:
            place = context.findings.place(context.path("alarms", below.alarm, "limit"))
            context.error(
                context.path("alarms", above.alarm, "limit"),
                f"the {_words(upper)} limit, {text(above.value, unit)}, is not above the {_words(lower)} "
                f"limit, {text(below.value, unit)} ({place})",
                "the order is low_low < low < high < high_high",
            )


def _words(kind: AlarmType) -> str:
    return kind.value.replace("_", "-")
