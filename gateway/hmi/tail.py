"""The latest reports as they came over MQTT: what a live trend goes on with, without asking the store."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.hmi.traces import NO_REPORTS, Reports
from gateway.stream.records import Points

_MESSAGES: Final = 4000
"""Kept; of the largest site that is half a minute. A trend that falls behind asks the store again."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far somebody has read."""

    life: int
    number: int


class Tail:
    """Messages of points in the order of their arrival. When it is full, the oldest are forgotten."""

    def __init__(self) -> None:
        """Begin with none."""
        self._messages: deque[tuple[int, Points]] = deque(maxlen=_MESSAGES)
        self._number = 0
        self._life = 0

    def take(self, points: Points) -> None:
        """Keep a message's points."""
        self._number += 1
        self._messages.append((self._number, points))

    def interrupted(self) -> None:
        """Forget everything: reports may have passed us by, so that none can go on from here."""
        self._messages.clear()
        self._life += 1

    def end(self) -> Mark:
        """Return how far there is something to read."""
        return Mark(self._life, self._number)

    def start(self) -> Mark:
        """Return where the oldest that is kept begins."""
        return Mark(self._life, self._messages[0][0] - 1 if self._messages else self._number)

    def since(self, mark: Mark, tags: Sequence[int]) -> list[Reports] | None:
        """Return what was reported of these tags after a mark; None where some of it is forgotten.

        Args:
            mark: how far the reader has read.
            tags: numbers of the tags in the messages; the answer has one entry for each.
        """
        if mark.life != self._life or mark.number < self.start().number:
            return None
        fresh = [points for number, points in self._later(mark.number)]
        return [_of(tag, fresh) for tag in tags]

    def _later(self, number: int) -> list[tuple[int, Points]]:
        found = []
        for entry in reversed(self._messages):
            if entry[0] <= number:
                break
            found.append(entry)
        return found[::-1]


def _of(tag: int, messages: Sequence[Points]) -> Reports:
    columns = []
    for points in messages:
        chosen = points.tag == tag
        if chosen.any():
            columns.append((points.source_ns[chosen], points.value[chosen], points.quality[chosen]))
    if not columns:
        return NO_REPORTS
    time_ns, value, quality = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.argsort(time_ns, kind="stable")
    return Reports(time_ns[order] / 1e6, value[order], quality[order])
