"""Alarms: units, deadbands, and the order of the limits on one tag."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Final, NamedTuple

from config.alarms import AlarmType
from config.checks.context import Context, text
from config.tags import TagKind

ORDER: Final = (AlarmType.LOW_LOW, AlarmType.LOW, AlarmType.HIGH, AlarmType.HIGH_HIGH)
"""From the lowest limit to the highest."""


class _Limit(NamedTuple):
    value: float
    alarm: str


def check(context: Context) -> None:
    """Check every alarm, and the alarms of each tag together."""
    limits: dict[str, dict[AlarmType, list[_Limit]]] = defaultdict(lambda: defaultdict(list))
    for full, alarm in context.site.alarms.items():
        path, tag = context.path("alarms", full), context.site.tags[alarm.tag]
        if tag.kind is TagKind.TEXT:
            context.error(
                (*path, "tag"), f"{alarm.tag!r} is a text", "a limit alarm needs a number or a bool"
            )
            continue
        limit = context.number(alarm.limit, tag.unit, (*path, "limit"))
        deadband = context.number(alarm.deadband, tag.unit, (*path, "deadband"), span=True)
        if deadband is not None and deadband < 0:
            context.error((*path, "deadband"), f"{alarm.deadband} is negative", "write 0 or more")
        if limit is None:
            continue
        limits[alarm.tag][alarm.type].append(_Limit(limit, full))
        low, high = context.range_of(tag)
        if not low <= limit <= high:
            context.warn(
                (*path, "limit"), f"{alarm.limit} is outside the tag's range, {text(low, tag.unit)} to "
                f"{text(high, tag.unit)}: the alarm tells no more than bad quality does",
            )  # fmt: skip
    for tag_name, by_type in limits.items():
        _order(context, tag_name, by_type)


def _order(context: Context, tag: str, by_type: dict[AlarmType, list[_Limit]]) -> None:
    present = [kind for kind in ORDER if kind in by_type]
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
