"""The engine's row for a command, and the refusal of one that cannot be carried out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class Refused(Exception):
    """The command cannot be carried out; the message says why."""


@dataclass(frozen=True, slots=True)
class EngineRow:
    """The fields of a COMMAND row, and the tag that shows the value it changes (for the audit trail)."""

    kind: int
    index: int
    value: float = 0.0
    value2: float = 0.0
    parameter: int = 0
    occurrence: int = 0
    shown_by: str | None = None


def position(of: Iterable[str], name: str, what: str) -> int:
    """Return the index of a name among those of its kind.

    Raises:
        Refused: there is none of this name.
    """
    for index, other in enumerate(of):
        if other == name:
            return index
    raise Refused(f"there is no {what} {name!r}")
