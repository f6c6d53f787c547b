"""Stored series for charts: from the query layer to what `gateway.chart` draws."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from config.site import Site
from gateway.chart import Series
from gateway.historian.query import open_history

_STAIRS = (".sp", ".mode")


def read_series(site: Site, data: Path, names: Sequence[str], from_ns: int, to_ns: int) -> list[Series]:
    """Return the stored points of tags, from the site's first historian.

    Raises:
        StoreError: the store cannot be reached.
    """
    history = open_history(site.streams.historians[0], data)
    try:
        points = history.raw(names, from_ns, to_ns)
    finally:
        history.close()
    series = []
    for number, name in enumerate(names):
        chosen = points.tag == number
        series.append(
            Series(
                name,
                site.tags[name].unit,
                points.source_ns[chosen],
                points.value[chosen],
                points.quality[chosen],
                steps=name.endswith(_STAIRS),
            )
        )
    return series
