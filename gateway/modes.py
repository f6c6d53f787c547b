"""Modes of loops in words, as commands, events and screens say them."""

from __future__ import annotations

from typing import Final

from config.loops import Mode
from config.site import Site
from control.loop_tables import MODES
from control.signal import MODE_TRACKING, MODE_TUNING

TRACKING: Final = "tracking"
TUNING: Final = "tuning"
"""Shown while the output follows a relay test."""
WORDS: Final[dict[int, str]] = {code: mode.value for mode, code in MODES.items()} | {
    MODE_TRACKING: TRACKING,
    MODE_TUNING: TUNING,
}
"""What the tag `<loop>.mode` says, by its value."""
REGULATING: Final = frozenset({Mode.AUTO.value, Mode.CASCADE.value, Mode.REMOTE.value})
"""Modes in which the law decides about the output."""


def word_of(value: float | None) -> str | None:
    """Return the mode that a value of `<loop>.mode` stands for; None when there is no such one."""
    return None if value is None or not value.is_integer() else WORDS.get(int(value))


def modes_of(site: Site, name: str) -> list[Mode]:
    """Return the modes that a loop can be put into: who gives its set-point, or its output."""
    modes = [Mode.MANUAL, Mode.AUTO]
    if f"{name}.sp" in site.owners:
        modes.append(Mode.CASCADE)
    if site.loops[name].remote is not None:
        modes.append(Mode.REMOTE)
    return [*modes, Mode.OUT_OF_SERVICE]
