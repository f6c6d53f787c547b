"""Loops: what they may control and move, their limits, their periods."""

from __future__ import annotations

import math

from config.checks import law
from config.checks.context import Context, text
from config.checks.structures import output_of
from config.errors import Path
from config.loops import Loop
from config.quantities import Quantity
from config.tags import Tag, TagKind


def check(context: Context) -> None:
    """Check every loop."""
    for full, loop in context.site.loops.items():
        path = context.path("loops", full)
        pv, output = context.site.tags[loop.pv], output_of(context, loop.output, (*path, "output"))
        if pv.kind is not TagKind.NUMBER:
            what = "text" if pv.kind is TagKind.TEXT else "bool"
            context.error((*path, "pv"), f"{loop.pv!r} is a {what}", "a loop controls a number")
        else:
            _set_point(context, loop, pv, path)
        if output is not None:
            _output_limits(context, loop, output, path)
        context.period(loop.period, (*path, "period"))
        law.check(context, loop, path)


def _set_point(context: Context, loop: Loop, pv: Tag, path: Path) -> None:
    range_low, range_high = context.range_of(pv)
    low = context.number(loop.sp_low, pv.unit, (*path, "sp_low"))
    high = context.number(loop.sp_high, pv.unit, (*path, "sp_high"))
    sp = context.number(loop.sp, pv.unit, (*path, "sp"))
    _inside(context, (*path, "sp_low"), loop.sp_low, low, pv, "the range of its PV")
    _inside(context, (*path, "sp_high"), loop.sp_high, high, pv, "the range of its PV")
    low, high = range_low if low is None else low, range_high if high is None else high
    if low >= high:
        context.error(
            (*path, "sp_low"), f"the lowest set-point, {text(low, pv.unit)}, is not below the highest, "
            f"{text(high, pv.unit)}", "correct sp_low or sp_high",
        )  # fmt: skip
    elif sp is not None and not low <= sp <= high:
        context.error(
            (*path, "sp"), f"{loop.sp} is outside the set-point limits, {text(low, pv.unit)} to "
            f"{text(high, pv.unit)}", "take a set-point between them, or widen sp_low and sp_high",
        )  # fmt: skip
    rate = context.rate(loop.sp_rate, pv.unit, (*path, "sp_rate"))
    _positive(context, rate, (*path, "sp_rate"))


def _output_limits(context: Context, loop: Loop, output: Tag, path: Path) -> None:
    unit = output.unit
    range_low, range_high = context.range_of(output)
    given_low = context.number(loop.out_low, unit, (*path, "out_low"))
    given_high = context.number(loop.out_high, unit, (*path, "out_high"))
    safe = context.number(loop.safe_output, unit, (*path, "safe_output"))
    _inside(context, (*path, "out_low"), loop.out_low, given_low, output, "the range of its output")
    _inside(context, (*path, "out_high"), loop.out_high, given_high, output, "the range of its output")
    _inside(context, (*path, "safe_output"), loop.safe_output, safe, output, "the range of its output")
    low = range_low if given_low is None else given_low
    high = range_high if given_high is None else given_high
    if low >= high:
        context.error(
            (*path, "out_low"), f"the lowest output, {text(low, unit)}, is not below the highest, "
            f"{text(high, unit)}", "correct out_low or out_high",
        )  # fmt: skip
    if loop.safe_output is None and math.isinf(low):
        context.error(
            (*path, "safe_output"),
            "the loop has no safe output",
            "give safe_output, out_low, or a range to its output",
        )
    _positive(context, context.rate(loop.out_rate, unit, (*path, "out_rate")), (*path, "out_rate"))
    down = context.rate(loop.out_rate_down, unit, (*path, "out_rate_down"))
    _positive(context, down, (*path, "out_rate_down"))


def _inside(
    context: Context, path: Path, given: Quantity | None, value: float | None, tag: Tag, what: str
) -> None:
    low, high = context.range_of(tag)
    if value is not None and not low <= value <= high:
        between = f"{text(low, tag.unit)} to {text(high, tag.unit)}"
        context.error(path, f"{given} is outside {what}, {between}", "correct it, or the range of the tag")


def _positive(context: Context, rate: float | None, path: Path) -> None:
    if rate is not None and rate <= 0:
        context.error(path, "a rate must be more than 0", "leave it out for a step")
