"""The gateway's stream: points into messages, messages into columns, records onto the disk.

Encoding is measured against influxdb-client's `Point`, decoding against a script that takes lines
apart, the journal against a plain file that is appended to and synced as often. Only CPU time counts,
but for the journal: there the disk is what one waits for.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from influxdb_client.client.write.point import Point

from config.streams import Journal as Settings
from control.signal import SAMPLE
from gateway.batch.context import Context
from gateway.stream.journal_keeper import JournalKeeper, Work
from gateway.stream.line_decoder import Decoder
from gateway.stream.line_protocol import Header, encode, prefixes
from gateway.stream.records import Dictionary, Draft, Kind, Points, pack

_point: Any = Point  # it has no annotations
ROUNDS = 5
COUNT = 1000
"""Points in a message."""
NAMES = [f"br{n // 100}/module{n % 100}.pv" for n in range(5000)]
CONTEXT = Context("c-17", "b-3", "growth")
HEADER = Header("gw1", 0, 1_700_000_000_000_000_000, 5, 1_700_000_000_000_000_000, "00ff00ff00ff00ff")
RECORDS = 400
TOGETHER = 10
"""Records in one commit."""


def run() -> Iterator[dict[str, Any]]:
    """Yield the results."""
    points = _points()
    beginnings = prefixes(NAMES)
    payload = encode(HEADER, points, beginnings, CONTEXT)
    lines = _by_point(points)
    assert lines.splitlines() == _with_sorted_fields(payload), "both write the same points"
    yield _compared(
        "points encoded per CPU second, against influxdb-client's Point",
        lambda: [encode(HEADER, points, beginnings, CONTEXT) for _ in range(20)],
        lambda: _by_point(points),
        20,
        limit=20.0,
    )
    ids = {name: number for number, name in enumerate(NAMES)}
    decoder = Decoder(ids.__getitem__)
    np.testing.assert_array_equal(decoder.decode(payload).points.value, points.value)
    np.testing.assert_array_equal(_by_line(payload, ids)[1], points.value)
    yield _compared(
        "points decoded per CPU second, against taking lines apart one by one",
        lambda: [decoder.decode(payload) for _ in range(20)],
        lambda: [_by_line(payload, ids) for _ in range(20)],
        1,
        limit=1.5,
    )
    yield _journal(pack(points))


def _points() -> Points:
    rows = np.zeros(COUNT, SAMPLE)
    chance = np.random.default_rng(1)
    rows["tag"] = chance.permutation(len(NAMES))[:COUNT]
    rows["value"] = chance.normal(37, 1, COUNT)
    rows["source_ns"] = 1_700_000_000_000_000_000 + np.arange(COUNT) * 1_000_003
    return Points.of_rows(rows)


def _by_point(points: Points) -> str:
    """Write the same lines with the client's own objects."""
    return "\n".join(
        _point("cellgate")
        .tag("name", NAMES[tag])
        .field("value", value)
        .field("quality", quality)
        .field("campaign", CONTEXT.campaign)
        .field("batch", CONTEXT.batch)
        .field("phase", CONTEXT.phase)
        .time(source_ns)
        .to_line_protocol()
        for tag, value, quality, source_ns in zip(
            points.tag.tolist(),
            points.value.tolist(),
            points.quality.tolist(),
            points.source_ns.tolist(),
            strict=True,
        )
    )


def _with_sorted_fields(payload: bytes) -> list[str]:
    """Return the lines of our message with the fields in the client's order."""
    lines = []
    for line in payload.decode().splitlines()[1:]:
        key, fields, stamp = line.split(" ")
        lines.append(f"{key} {','.join(sorted(fields.split(',')))} {stamp}")
    return lines


def _by_line(payload: bytes, ids: dict[str, int]) -> tuple[Any, ...]:
    """Take a message apart as a script would."""
    tags, values, qualities, times = [], [], [], []
    for line in payload.decode().splitlines()[1:]:
        key, fields, stamp = line.split(" ")
        named = dict(field.split("=") for field in fields.split(","))
        tags.append(ids[key.split("=")[1]])
        values.append(float(named["value"]))
        qualities.append(int(named["quality"][:-1]))
        times.append(int(stamp))
    return np.array(tags), np.array(values), np.array(qualities), np.array(times)


def _compared(
    name: str, ours: Callable[[], object], theirs: Callable[[], object], times: int, *, limit: float
) -> dict[str, Any]:
    """Measure both, side by side. `times`: how often ours does the work for theirs doing it once."""
    pairs = [(_cpu_s(ours), _cpu_s(theirs)) for _ in range(ROUNDS)]
    ratio = statistics.median(theirs_s * times / ours_s for ours_s, theirs_s in pairs)
    return {
        "bench": name,
        "ratio": round(ratio, 1),
        "limit": limit,
        "holds": ratio >= limit,
        "points_per_cpu_s": round(20 * COUNT / min(ours_s for ours_s, _ in pairs)),
    }


def _cpu_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _journal(data: bytes) -> dict[str, Any]:
    """Measure points committed per second, ours and into a plain file, both synced for each commit."""
    ratios, rates = [], []
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        for number in range(ROUNDS):
            ours_s = _journal_s(Path(folder) / f"{number}.sqlite", data)
            file_s = _file_s(Path(folder) / f"{number}.log", data)
            ratios.append(file_s / ours_s)
            rates.append(RECORDS * COUNT / ours_s)
    ratio = statistics.median(ratios)
    return {
        "bench": "points committed to the journal per second, against a plain file synced as often",
        "ratio": round(ratio, 2),
        "limit": 0.2,
        "holds": ratio >= 0.2,
        "points_per_s": round(max(rates)),
        "bytes_per_point": round(len(data) / COUNT, 1),
    }


def _journal_s(path: Path, data: bytes) -> float:
    dictionary = Dictionary("00ff", ("a",), {"u": ("a", "c")})
    keeper = JournalKeeper(path, Settings(), dictionary)
    drafts = [Draft(Kind.TELEMETRY, 0, "u", 1, COUNT, data, CONTEXT)] * TOGETHER
    began = time.perf_counter()
    for done in range(TOGETHER, RECORDS + 1, TOGETHER):
        keeper.carry_out(Work(drafts=list(drafts), trims={0: done - 100}))
    took_s = time.perf_counter() - began
    keeper.close()
    return took_s


def _file_s(path: Path, data: bytes) -> float:
    with path.open("ab", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(RECORDS // TOGETHER):
            file.write(data * TOGETHER)
            os.fdatasync(file.fileno())
        return time.perf_counter() - began
