"""What is checked, and whether it passed. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from config.site import Site
from config.tags import Access, Tag, TagKind
from control.signal import BAD, describe_quality

Kind = Literal["output", "input", "simulated input"]


class CannotCheck(ValueError):
    """A point that cannot be checked as asked; the message says why and what would be right."""


@dataclass(frozen=True, slots=True)
class Point:
    """A tag, and the values that it is checked at."""

    kind: Kind
    tag: str
    indicated_by: str
    """Tag that shows what became of it: itself, or the one that reads it back."""
    unit: str
    span: float
    """Range of the tag, in its unit; 1 for a switch."""
    values: tuple[float, ...]
    tolerance: float
    """In its unit."""


@dataclass(frozen=True, slots=True)
class Step:
    """One value of a point."""

    asked: float
    indicated: float | None
    quality: int
    took_s: float
    tolerance: float
    note: str = ""

    @property
    def error(self) -> float | None:
        """Return indicated - asked, where something was indicated."""
        return None if self.indicated is None else self.indicated - self.asked

    @property
    def passed(self) -> bool:
        """Return whether what is indicated is usable and within the tolerance."""
        error = self.error
        return error is not None and self.quality < BAD and abs(error) <= self.tolerance

    @property
    def remark(self) -> str:
        """Return what is to be said of it."""
        quality = describe_quality(self.quality) if self.indicated is not None else "no value"
        return "; ".join(text for text in (quality, self.note) if text)


@dataclass(slots=True)
class Result:
    """What a point showed."""

    point: Point
    steps: list[Step] = field(default_factory=list)
    restored: bool | None = None
    """Whether it went back to what it was; None where nothing was changed."""
    trouble: str = ""
    """Why it could not be checked to the end."""

    @property
    def passed(self) -> bool:
        """Return whether every value was asked for and passed, and the point was restored."""
        complete = len(self.steps) == len(self.point.values) and not self.trouble
        return complete and all(step.passed for step in self.steps) and self.restored is not False


def output_point(
    site: Site, name: str, percents: Sequence[float], tolerance_percent: float, readback: str | None
) -> Point:
    """Return an output to be driven to values in per cent of its range.

    Raises:
        CannotCheck: it cannot be written, or nothing shows what became of it.
    """
    tag = _tag(site, name)
    if tag.device is None or tag.access is Access.READ:
        raise CannotCheck(f"{name} is not written to a device: check it as an input")
    shown = readback or (name if tag.access is Access.READ_WRITE else None)
    if shown is None:
        raise CannotCheck(f"{name} is only written: say what shows its value, --readback {name}=TAG")
    _tag(site, shown)
    return _point(site, "output", name, shown, _values(name, tag, percents), tolerance_percent)


def input_point(
    site: Site, name: str, references: Sequence[float], tolerance_percent: float, *, simulated: bool
) -> Point:
    """Return an input to be compared with references, or with values that the gateway simulates.

    Raises:
        CannotCheck: it is not read from a device.
    """
    tag = _tag(site, name)
    if tag.device is None or tag.access is Access.WRITE:
        raise CannotCheck(f"{name} is not read from a device")
    return _point(
        site, "simulated input" if simulated else "input", name, name, tuple(references), tolerance_percent
    )


def percents_of(site: Site, name: str, percents: Sequence[float]) -> tuple[float, ...]:
    """Return per cent of a tag's range as values in its unit.

    Raises:
        CannotCheck: it has no range.
    """
    return _values(name, _tag(site, name), percents)


def loop_of(site: Site, name: str) -> str | None:
    """Return the loop that owns an output, or None."""
    return next((loop for loop, defined in site.loops.items() if defined.output == name), None)


def _point(
    site: Site, kind: Kind, name: str, shown: str, values: tuple[float, ...], tolerance_percent: float
) -> Point:
    tag, indicator = site.tags[name], site.tags[shown]
    low, high = _range(name, tag)
    span = high - low
    tolerance = span * tolerance_percent / 100.0
    if indicator.unit != tag.unit:
        raise CannotCheck(f"{shown} is in {indicator.unit!r} and {name} in {tag.unit!r}: they must agree")
    deadband = indicator.report.deadband.span_to(indicator.unit)
    if tolerance < deadband:
        raise CannotCheck(
            f"{shown} is reported in steps of {deadband:g} {tag.unit}, more than the tolerance "
            f"{tolerance:g} {tag.unit}: make its deadband smaller, or the tolerance larger"
        )
    return Point(kind, name, shown, tag.unit, span, values, tolerance)


def _values(name: str, tag: Tag, percents: Sequence[float]) -> tuple[float, ...]:
    low, high = _range(name, tag)
    values = [low + (high - low) * percent / 100.0 for percent in percents]
    if tag.kind is TagKind.BOOL:
        values = [float(value >= 0.5) for value in values]
    return tuple(dict.fromkeys(values))


def _range(name: str, tag: Tag) -> tuple[float, float]:
    if tag.kind is TagKind.BOOL:
        return 0.0, 1.0
    if tag.low is None or tag.high is None:
        raise CannotCheck(f"{name} has no range: give it low and high")
    low, high = tag.low.to(tag.unit), tag.high.to(tag.unit)
    if not math.isfinite(high - low) or high <= low:
        raise CannotCheck(f"{name} has no range: low must be less than high")
    return low, high


def _tag(site: Site, name: str) -> Tag:
    tag = site.tags.get(name)
    if tag is None:
        raise CannotCheck(f"there is no tag {name!r}")
    if tag.kind is TagKind.TEXT:
        raise CannotCheck(f"{name} is a text")
    return tag
