"""Stored series for charts: from the query layer to what `gateway.chart` draws."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from config.site import Site
from gateway.chart import Series
from gateway.historian.points import StoredPoints
from gateway.historian.query import open_site_history

_STAIRS = (".sp", ".mode")
_LOOK_BACK_NS = 120_000_000_000
"""A heartbeat or more: far enough to find the value that held at the start of a range."""


def read_series(site: Site, data: Path, names: Sequence[str], from_ns: int, to_ns: int) -> list[Series]:
    """Return the stored points of tags, from the site's first historian.

    Raises:
        StoreError: the store cannot be reached.
    """
    history = open_site_history(site.streams, data)
    try:
        points = history.raw(names, from_ns - _LOOK_BACK_NS, to_ns)
    finally:
        history.close()
    return [_series(site, name, points.take(points.tag == i), from_ns, to_ns) for i, name in enumerate(names)]


def _series(site: Site, name: str, points: StoredPoints, from_ns: int, to_ns: int) -> Series:
    """Return one tag's points; one that holds its value (a set-point) is drawn over the whole range."""
    steps = name.endswith(_STAIRS)
    first = int(np.searchsorted(points.source_ns, from_ns))
    chosen = np.arange(first, len(points))
    source_ns = points.source_ns[chosen]
    if steps and len(points):
        chosen = np.r_[max(first - 1, 0), chosen, len(points) - 1]
        source_ns = np.r_[max(from_ns, int(points.source_ns[chosen[0]])), source_ns, to_ns]
    return Series(
        name, site.tags[name].unit, source_ns, points.value[chosen], points.quality[chosen], steps=steps
    )
