"""A hundred million points in the embedded store, and an hour of one of its tags.

A day of 1160 tags at one point a second. Four tags' days are built as the historian builds them; the rows of
the others are copies of these under other tags, in the order of time, as they would come. So the file is as
large, its rows lie as they would, and what is read is what was really encoded.
"""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from gateway.historian import chunks
from gateway.historian.buckets import Grid
from gateway.historian.embedded import period_path, periods_in
from gateway.historian.embedded_reader import EmbeddedReader
from gateway.historian.period_file import PeriodFile
from gateway.historian.points import Source, StoredPoints
from gateway.historian.retention import PERIOD_NS
from tests.messages import EPOCH, START_NS

BUILT, COPIES, DAY_S = 4, 290, 86_400
DAY = START_NS // PERIOD_NS
SECOND = 10**9
_COPY = """
INSERT INTO chunk (small, tag, first_ns, last_ns, points, "values", least, greatest, total, first, last,
    quality, data)
SELECT small, tag + ?1 * copy.value, first_ns, last_ns, points, "values", least, greatest, total, first, last,
    quality, data
FROM chunk, generate.copy WHERE tag < ?1 ORDER BY first_ns
"""


def run() -> Iterator[dict[str, Any]]:
    """Yield the results."""
    with TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        _build(folder)
        reader = EmbeddedReader(folder)
        points, size = _size(folder)
        at_ns = DAY * PERIOD_NS + 11 * 3600 * SECOND + 17 * SECOND
        hour = (at_ns, at_ns + 3600 * SECOND)
        tag = f"u/t{BUILT * 137 + 2}"
        assert len(reader.raw([tag], *hour)) == 3600
        assert reader.buckets([tag], Grid.over(*hour, 600))[0].count.sum() == 3600
        for what, question in (
            ("every point", lambda: reader.raw([tag], *hour)),
            ("600 buckets", lambda: reader.buckets([tag], Grid.over(*hour, 600))),
        ):
            took_s = _times(question)
            yield {
                "bench": f"an hour of one tag in {points / 1e6:.0f} million points: {what}",
                "figure": round(statistics.median(took_s) * 1e3, 2),
                "unit": "ms",
                "limit": 10.0,
                "holds": statistics.median(took_s) < 0.01,
                "points": points,
                "bytes_per_point": round(size / points, 2),
                "longest_ms": round(max(took_s) * 1e3, 2),
            }
        reader.close()


def _build(folder: Path) -> None:
    random = np.random.default_rng(1)
    path = period_path(folder, DAY)
    file = PeriodFile(path)
    source = Source("gw1", EPOCH, 0)
    for start_s in range(0, DAY_S, chunks.LONGEST):
        count = min(chunks.LONGEST, DAY_S - start_s)
        seconds = np.repeat(np.arange(start_s, start_s + count), BUILT)
        tag = np.tile(np.arange(BUILT), count)
        walk = np.round(37 + np.cumsum(random.normal(scale=0.02, size=(count, BUILT)), axis=0), 3).ravel()
        jitter_ns = np.repeat(random.integers(0, 20, count) * 10**6, BUILT)
        points = StoredPoints.of(
            [f"u/t{number}" for number in range(BUILT)],
            sources=(source,),
            tag=tag,
            value=walk,
            source_ns=DAY * PERIOD_NS + seconds * SECOND + jitter_ns,
            source=np.zeros(len(tag)),
            sequence=seconds + 1,
            row=tag,
        )
        file.add(points, [], [])
    file.close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous = OFF")
    database.execute("ATTACH ':memory:' AS generate")
    database.execute("CREATE TABLE generate.copy (value INTEGER)")
    database.executemany("INSERT INTO generate.copy VALUES (?)", [(n,) for n in range(1, COPIES)])
    tags = [(number, f"u/t{number}", number % BUILT) for number in range(BUILT, BUILT * COPIES)]
    database.executemany(
        "INSERT INTO tag SELECT ?1, ?2, longest_ns FROM tag WHERE id = ?3",
        tags,
    )
    database.execute(_COPY, (BUILT,))
    database.commit()
    database.close()


def _size(folder: Path) -> tuple[int, int]:
    """Return the points in the file, and its bytes."""
    path = periods_in(folder)[DAY]
    database = sqlite3.connect(path)
    points = int(database.execute("SELECT sum(points) FROM chunk").fetchone()[0])
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return points, path.stat().st_size


def _times(work: Callable[[], object]) -> list[float]:
    times = []
    for _ in range(50):
        before = time.perf_counter()
        work()
        times.append(time.perf_counter() - before)
    return times
