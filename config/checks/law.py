"""The law of a loop: parts that need one another, the gap, the feed-forward, the gain schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.errors import Path
from config.law import FeedForward, Form, GainSchedule, Structure
from config.loops import Loop
from config.tags import TagKind

if TYPE_CHECKING:
    from config.checks.context import Context


def check(context: Context, loop: Loop, path: Path) -> None:
    """Check what stands in the law of a loop, and before it."""
    unit = context.site.tags[loop.pv].unit
    if loop.form is Form.INCREMENTAL and loop.ti == 0:
        context.error(
            (*path, "form"), "the incremental form without integral action drifts",
            "give ti, or write form: positional",
        )  # fmt: skip
    if loop.structure is Structure.INTEGRAL and (loop.ti == 0 or loop.td > 0):
        context.error(
            (*path, "structure"), "a loop with the integral part alone needs ti and no td",
            "give ti and leave td out, or write structure: pid",
        )  # fmt: skip
    gap = context.number(loop.gap, unit, (*path, "gap"), span=True)
    if gap is not None and gap < 0:
        context.error((*path, "gap"), f"{loop.gap} is negative", "write half the width of the gap")
    hold = context.number(loop.sp_hold, unit, (*path, "sp_hold"), span=True)
    if hold is not None and hold <= 0:
        context.error((*path, "sp_hold"), f"{loop.sp_hold} is not more than 0", "leave it out to never wait")
    if hold is not None and loop.sp_rate is None:
        context.error((*path, "sp_hold"), "there is no ramp that could wait", "give sp_rate")
    if loop.feed_forward is not None:
        _feed_forward(context, loop.feed_forward, (*path, "feed_forward"))
    if loop.schedule is not None:
        _schedule(context, loop.schedule, (*path, "schedule"))


def _feed_forward(context: Context, feed: FeedForward, path: Path) -> None:
    if feed.lead > 0 and feed.lag == 0:
        context.error(
            (*path, "lead"), "a lead without a lag would act without end on a step",
            "give lag, a tenth of the lead for example",
        )  # fmt: skip
    _numeric(context, feed.tag, (*path, "tag"), "fed forward")


def _schedule(context: Context, schedule: GainSchedule, path: Path) -> None:
    _numeric(context, schedule.over, (*path, "over"), "a place in a table")
    unit = context.site.tags[schedule.over].unit
    before: float | None = None
    for index, point in enumerate(schedule.points):
        at = context.number(point.at, unit, (*path, "points", index, "at"))
        if at is not None and before is not None and at <= before:
            context.error(
                (*path, "points", index, "at"), f"{point.at} is not above the point before it",
                "let the points of the table ascend",
            )  # fmt: skip
        before = at


def _numeric(context: Context, tag: str, path: Path, what: str) -> None:
    if context.site.tags[tag].kind is TagKind.TEXT:
        context.error(path, f"{tag!r} is a text", f"only a number can be {what}")
