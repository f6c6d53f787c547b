"""Control structures: who moves what, the parts of a split, where set-points come from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from config.checks.context import Context, text
from config.errors import Path
from config.loops import Loop, Mode
from config.quantities import Quantity
from config.structures import Branch, Choice, Leading, Split
from config.tags import Tag, TagKind


def check(context: Context) -> None:
    """Check selectors and splits, and that each thing that is moved has one owner."""
    _owners(context)
    inputs = Counter(leading.output for _, leading, _ in leadings(context))
    for full, selector in context.site.selectors.items():
        path = context.path("selectors", full)
        _leading(context, selector, path)
        _inputs(context, full, inputs[f"{full}.op"], selector.select is Choice.MEDIAN, path)
    for full, split in context.site.splits.items():
        if not inputs[f"{full}.op"]:
            fix = f"give a loop the output {full.partition('/')[2]}.op"
            context.error(context.path("splits", full), "nothing leads into it", fix)
        _split(context, full, split)
    for full, loop in context.site.loops.items():
        path = context.path("loops", full)
        _readback(context, loop, output_of(context, loop.output), path)
        _set_point_source(context, loop, path, fed=f"{full}.sp" in inputs)


def output_of(context: Context, name: str, path: Path | None = None) -> Tag | None:
    """Return the tag that something moves: an actuator's, or the entrance of a loop or structure.

    Args:
        context: the site.
        name: full name of the tag.
        path: where it is written, to record what is wrong with it; None when that is done elsewhere.
    """
    owner, _, part = name.rpartition(".")
    site = context.site
    if (part == "sp" and owner in site.loops) or (
        part == "op" and (owner in site.selectors or owner in site.splits)
    ):
        return site.tags[name]
    if path is None:
        return site.tags[name] if context.is_configured(name) else None
    output = context.writable(name, path)
    if output is not None and output.kind is TagKind.BOOL:
        context.error(path, f"{name!r} is a bool", "a loop moves a number")
        return None
    return output


def leadings(context: Context) -> Iterator[tuple[str, Leading, Path]]:
    """Yield everything that moves something: its name in words, what it is, its path."""
    for full, loop in context.site.loops.items():
        yield f"loop {full!r}", loop, context.path("loops", full)
    for full, selector in context.site.selectors.items():
        yield f"selector {full!r}", selector, context.path("selectors", full)
    for full, split in context.site.splits.items():
        for index, branch in enumerate(split.branches):
            yield f"split {full!r}", branch, (*context.path("splits", full, "branches"), index)


def _owners(context: Context) -> None:
    watchdogs = {d.watchdog: name for name, d in context.site.devices.items() if d.watchdog is not None}
    owners: dict[str, tuple[str, Path]] = {}
    for words, leading, path in leadings(context):
        at: Path = (*path, "output")
        if leading.output in watchdogs:
            context.error(
                at, f"{leading.output!r} is the watchdog of device {watchdogs[leading.output]!r}",
                "a loop moves an actuator",
            )  # fmt: skip
        if leading.output.removesuffix(".op") in context.site.selectors:
            continue
        owner, other = owners.setdefault(leading.output, (words, at))
        if other != at:
            context.error(
                at, f"{leading.output!r} is already moved by the {owner} ({context.findings.place(other)})",
                "an output has one loop; give one of them another output, or let a selector choose",
            )  # fmt: skip


def _leading(context: Context, leading: Leading, path: Path) -> Tag | None:
    output = output_of(context, leading.output, (*path, "output"))
    _readback(context, leading, output, path)
    return output


def _readback(context: Context, leading: Leading, output: Tag | None, path: Path) -> None:
    if leading.readback is None or output is None:
        return
    measured = context.site.tags[leading.readback]
    if measured.kind is not TagKind.NUMBER:
        context.error((*path, "readback"), f"{leading.readback!r} is a {measured.kind}", "name a number")
    elif measured.unit != output.unit:
        context.error(
            (*path, "readback"), f"{leading.readback!r} is in {measured.unit or 'no unit'}, the output in "
            f"{output.unit or 'no unit'}", "name the tag that measures the output in its unit",
        )  # fmt: skip
    elif not context.is_configured(leading.output):
        context.error(
            (*path, "readback"), f"{leading.output!r} is no actuator: what becomes of it is known",
            "give the readback where the actuator is moved",
        )  # fmt: skip
    tolerance = context.number(
        leading.readback_tolerance, output.unit, (*path, "readback_tolerance"), span=True
    )
    if tolerance is not None and tolerance < 0:
        context.error((*path, "readback_tolerance"), "a tolerance cannot be negative")
    low, high = context.range_of(output)
    if leading.readback_tolerance is None and math.isinf(high - low):
        context.error(
            (*path, "readback_tolerance"), "is missing, and the output has no range to take it from",
            "say which difference counts as having followed",
        )  # fmt: skip


def _inputs(context: Context, full: str, count: int, odd: bool, path: Path) -> None:
    """Check what leads into a selector."""
    if count < 2:
        context.error(
            path, f"{count} input(s) lead into it: there is nothing to select",
            f"give two loops or more the output {full.partition('/')[2]}.op",
        )  # fmt: skip
    elif odd and count % 2 == 0:
        context.error((*path, "select"), f"of {count} inputs there is no middle one", "use three, or five")


def _split(context: Context, full: str, split: Split) -> None:
    path = context.path("splits", full)
    low = context.number(split.low, split.unit, (*path, "low"))
    high = context.number(split.high, split.unit, (*path, "high"))
    if low is None or high is None:
        return
    if low >= high:
        context.error((*path, "low"), f"{split.low} is not below high, {split.high}", "exchange them")
        return
    for index, branch in enumerate(split.branches):
        at = (*path, "branches", index)
        output = _leading(context, branch, at)
        if output is not None:
            _branch(context, split, branch, output, (low, high), at)


def _branch(
    context: Context, split: Split, branch: Branch, output: Tag, limits: tuple[float, float], path: Path
) -> None:
    ends = context.range_of(output)
    given = [
        context.number(value, output.unit, (*path, name))
        for name, value in (("at_start", branch.at_start), ("at_stop", branch.at_stop))
    ]
    at_start, at_stop = (end if value is None else value for value, end in zip(given, ends, strict=True))
    for name, value in (("at_start", at_start), ("at_stop", at_stop)):
        if math.isinf(value):
            context.error((*path, name), "is missing, and the output has no range to take it from")
        elif not ends[0] <= value <= ends[1]:
            between = f"{text(ends[0], output.unit)} to {text(ends[1], output.unit)}"
            given_text = text(value, output.unit)
            context.error((*path, name), f"{given_text} is outside the output's range, {between}")
    if at_start == at_stop:
        context.error((*path, "at_stop"), "the actuator would not move", "let it differ from at_start")
    if (branch.stop is None) == (branch.gain is None):
        context.error(
            path, "it needs a stop or a gain, not both", "say where the actuator has moved all the way"
        )
        return
    start = context.number(branch.start, split.unit, (*path, "start"))
    stop = context.number(branch.stop, split.unit, (*path, "stop"))
    if branch.gain == 0 or (start is not None and start == stop):
        context.error((*path, "stop"), "the actuator would jump", "give it a part of the range")
    if start is not None and branch.gain:
        stop = start + abs(at_stop - at_start) / branch.gain
    for name, at in (("start", start), ("stop" if branch.gain is None else "gain", stop)):
        if at is not None and not limits[0] - 1e-9 <= at <= limits[1] + 1e-9:
            between = f"{text(limits[0], split.unit)} to {text(limits[1], split.unit)}"
            context.error(
                (*path, name), f"{text(at, split.unit)} is outside the range of the split, {between}"
            )


def _set_point_source(context: Context, loop: Loop, path: Path, *, fed: bool) -> None:
    if loop.remote is not None:
        tag, pv = context.site.tags[loop.remote.tag], context.site.tags[loop.pv]
        if tag.kind is not TagKind.NUMBER:
            context.error((*path, "remote", "tag"), f"{loop.remote.tag!r} is a {tag.kind}", "name a number")
        elif loop.remote.ratio is None:
            context.number(Quantity(0.0, tag.unit), pv.unit, (*path, "remote", "tag"))
        context.number(loop.remote.bias, pv.unit, (*path, "remote", "bias"), span=True)
    if loop.mode is Mode.REMOTE and loop.remote is None:
        context.error((*path, "mode"), "no tag gives its set-point", "add remote: { tag: … }")
    if loop.mode is Mode.CASCADE and not fed:
        context.error((*path, "mode"), "no loop gives its set-point", "give another loop its .sp as output")
