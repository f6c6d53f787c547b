"""The newest stored value of each tag: what holds until the next report of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gateway.historian.points import NO_TEXT
from gateway.historian.query import History
from gateway.subscriber import LiveValue


def last_values(history: History, tags: Sequence[str]) -> dict[str, LiveValue]:
    """Return the newest stored value of each tag that has one.

    Raises:
        StoreError: the store cannot be reached.
    """
    points = history.last(tags)
    columns = (points.tag, points.value, points.text, points.quality, points.source_ns)
    found = {}
    for tag, number, text, quality, source_ns in zip(*(c.tolist() for c in columns), strict=True):
        value = points.texts[text] if text != NO_TEXT else None if math.isnan(number) else number
        found[tags[tag]] = LiveValue(value, quality, source_ns)
    return found
