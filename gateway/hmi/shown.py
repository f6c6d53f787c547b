"""How a value is shown: text by the tag's format, and a state that makes what is not good unmistakable."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from config.tags import Tag, TagKind
from control.signal import BAD, FORCED, SIMULATED, UNCERTAIN, describe_quality
from gateway.hmi import texts
from gateway.subscriber import LiveValue


class State(enum.StrEnum):
    """How far a value can be trusted; names are CSS classes too."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"
    STALE = "stale"
    """It was good, but nobody tells us any more whether it still holds."""
    NONE = "none"
    """None has arrived."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as people see it."""

    text: str
    state: State
    mark: str
    """Short word beside the value; empty when it is good."""
    why: str
    """The whole story, for the tooltip."""


_MARKS: Final = {
    State.GOOD: "",
    State.UNCERTAIN: "?",
    State.BAD: texts.BAD,
    State.STALE: texts.STALE,
    State.NONE: texts.WAITING,
}


def show(tag: Tag, live: LiveValue | None, *, linked: bool, now_ns: int) -> Shown:
    """Return how a tag's latest value is shown.

    Args:
        tag: the tag.
        live: its latest report.
        linked: whether reports of a running gateway reach us.
        now_ns: the present, UTC.
    """
    if live is None:
        return Shown(texts.NO_VALUE, State.NONE, _MARKS[State.NONE], texts.NO_VALUE_YET)
    state = _state(live, linked=linked)
    old = age((now_ns - live.source_ns) / 1e9)
    mark = f"{texts.STALE} {old}" if state is State.STALE else _MARKS[state]
    if state in (State.GOOD, State.UNCERTAIN) and live.quality & (FORCED | SIMULATED):
        word = texts.FORCED if live.quality & FORCED else texts.SIMULATED
        mark = f"{word} {mark}".rstrip()
    why = f"{describe_quality(live.quality)}; {texts.SOURCE_AGE.format(age=old)}"
    return Shown(value_text(tag, live.value), state, mark, why)


def value_text(tag: Tag, value: float | str | int | None) -> str:
    """Return a value by its tag's format."""
    if value is None:
        return texts.NO_VALUE
    if isinstance(value, str):
        return value
    if tag.kind is TagKind.BOOL:
        return texts.YES if value else texts.NO
    return format(value, tag.format)


def age(seconds: float) -> str:
    """Return an age in the largest unit that fits, whole numbers."""
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _state(live: LiveValue, *, linked: bool) -> State:
    if live.quality >= BAD:
        return State.BAD
    if not linked:
        return State.STALE
    return State.UNCERTAIN if live.quality >= UNCERTAIN else State.GOOD
