"""Close names for a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_ENOUGH = 2000
"""Names compared at the most: difflib takes some microseconds for each."""


def closest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return the names most like a word, the best first, whatever their case."""
    names = {name.lower(): name for name in known}
    if len(names) > _ENOUGH:
        names = {low: name for low, name in names.items() if low[:1] == word[:1].lower()}
        names = dict(list(names.items())[:_ENOUGH])
    return [names[match] for match in difflib.get_close_matches(word.lower(), names, count, 0.6)]


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return `did you mean 'temp.pv'?`, or what to say when nothing is close."""
    found = closest(word, known)
    return f"did you mean {' or '.join(repr(name) for name in found)}?" if found else otherwise


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Return names as a message shows them: `a, b, c and 4 more`."""
    all_names = list(names)
    text = ", ".join(all_names[:limit])
    return f"{text} and {len(all_names) - limit} more" if len(all_names) > limit else text
