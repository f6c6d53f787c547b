"""The embedded store: everything comes back, once, whatever the order it came in."""

from __future__ import annotations

import math
import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gateway.batch.context import Context
from gateway.historian.api import EventFilter
from gateway.historian.buckets import Grid
from gateway.historian.embedded import EmbeddedStore, periods_in
from gateway.historian.embedded_reader import EmbeddedReader
from gateway.historian.period_file import MANY_SMALL
from gateway.historian.retention import PERIOD_NS
from tests.messages import START_NS, Sample, alarm, ramp, stored, stored_event

SECOND = 10**9
FOREVER = (0, 2**62)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    store = EmbeddedStore(tmp_path)
    yield store
    store.close()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[EmbeddedReader]:
    reader = EmbeddedReader(tmp_path)
    yield reader
    reader.close()


def test_every_column_comes_back(store: EmbeddedStore, reader: EmbeddedReader) -> None:
    samples = [
        Sample("br1/a", 37.02, START_NS, quality=0x80, status=5),
        Sample("br1/a", math.nan, START_NS + 1, quality=0x80000001),
        Sample("br1/b", 0.1 + 0.2, START_NS, ordinal=0),
        Sample("br1/b", -0.0, START_NS, ordinal=1),
        Sample("br1/c", 'it\'s "so",\nor\\not', START_NS),
        Sample("br1/d", 2**63 + 1, START_NS),
        Sample("br1/d", -(2**60), START_NS + 1, quality=0x40000000),
    ]
    context = Context("c-17", "b-3", "growth")
    store.write([stored(7, samples, context=context)])
    points = reader.raw(["br1/a", "br1/b", "br1/c", "br1/d"], *FOREVER)
    assert len(points) == len(samples)
    for row, sample in enumerate(samples):
        assert points.tags[points.tag[row]] == sample.tag
        assert points.source_ns[row] == sample.source_ns
        assert (points.quality[row], points.status[row], points.ordinal[row]) == (
            sample.quality, sample.status, sample.ordinal,
        )  # fmt: skip
        if sample.is_text:
            assert points.texts[points.text[row]] == sample.value
        else:
            assert isinstance(sample.value, float)
            bits = struct.pack("<d", sample.value) == struct.pack("<d", points.value[row])
            assert bits or (math.isnan(sample.value) and math.isnan(points.value[row]))
    assert points.row.tolist() == list(range(len(samples)))
    assert set(points.sequence.tolist()) == {7}
    assert {points.contexts[number] for number in points.context.tolist()} == {context}
    assert points.sources[points.source[0]].gateway == "gw1"


def test_a_message_written_again_changes_nothing(store: EmbeddedStore, reader: EmbeddedReader) -> None:
    batch = [stored(1, ramp(1)), stored_event(2, alarm(START_NS))]
    store.write(batch)
    store.write([*batch, stored(3, ramp(3))])
    assert reader.raw(["br1/t0.pv"], *FOREVER).sequence.tolist() == [1, 3]
    assert len(reader.events(EventFilter(*FOREVER))) == 1


def test_a_write_that_was_cut_between_two_days_is_completed(tmp_path: Path) -> None:
    """As after a kill: one day's file has its share, the other's does not."""
    midnight = (START_NS // PERIOD_NS + 1) * PERIOD_NS
    message = stored(1, [Sample("br1/a", 1.0, midnight - 1), Sample("br1/a", 2.0, midnight)])
    first = EmbeddedStore(tmp_path)
    first.write([message])
    first.close()
    newest = max(periods_in(tmp_path).values())
    newest.unlink()
    second = EmbeddedStore(tmp_path)
    second.write([message])
    second.close()
    assert EmbeddedReader(tmp_path).raw(["br1/a"], *FOREVER).value.tolist() == [1.0, 2.0]


def test_late_data_go_where_they_were_measured(store: EmbeddedStore, reader: EmbeddedReader) -> None:
    day = PERIOD_NS
    store.write([stored(1, [Sample("br1/a", 2.0, START_NS + 2 * SECOND)])])
    late = [Sample("br1/a", 0.0, START_NS - 5 * day), Sample("br1/a", 1.0, START_NS + SECOND)]
    store.write([stored(2, late)])
    points = reader.raw(["br1/a"], *FOREVER)
    assert points.value.tolist() == [0.0, 1.0, 2.0]
    assert len(periods_in(Path(reader._folder))) == 2
    assert reader.last(["br1/a", "br1/none"]).value.tolist() == [2.0]


def test_a_range_includes_its_start_and_not_its_end(store: EmbeddedStore, reader: EmbeddedReader) -> None:
    store.write([stored(n, [Sample("br1/a", float(n), START_NS + n)]) for n in range(1, 6)])
    assert reader.raw(["br1/a"], START_NS + 2, START_NS + 4).value.tolist() == [2.0, 3.0]


def test_small_chunks_are_merged(tmp_path: Path, store: EmbeddedStore, reader: EmbeddedReader) -> None:
    for number in range(1, 3 * MANY_SMALL):
        store.write([stored(number, ramp(number))])
    (file,) = periods_in(tmp_path).values()
    database = sqlite3.connect(file)
    count = database.execute("SELECT count(*) FROM chunk").fetchone()[0]
    database.close()
    assert count < 3 * MANY_SMALL
    points = reader.raw(["br1/t0.pv", "br1/t2.pv"], *FOREVER)
    assert points.sequence.tolist() == 2 * list(range(1, 3 * MANY_SMALL))
    assert points.value.tolist() == [n + t for t in (0.0, 0.25) for n in range(1, 3 * MANY_SMALL)]


def test_a_spike_and_a_gap_stay_visible_in_few_buckets(store: EmbeddedStore, reader: EmbeddedReader) -> None:
    """Ten thousand seconds at one value, one second of a spike, and half an hour without a point."""
    times = [t for t in range(10_000) if not 4000 <= t < 5800]
    samples = [Sample("br1/a", 99.0 if t == 7777 else 1.0, START_NS + t * SECOND) for t in times]
    store.write([stored(n, samples[n * 500 : n * 500 + 500]) for n in range(1, -(-len(samples) // 500))])
    store.write([stored(900, samples[:500])])
    (buckets,) = reader.buckets(["br1/a"], Grid.over(START_NS, START_NS + 10_000 * SECOND, 20))
    assert buckets.greatest[15] == 99.0
    assert np.nanmax(np.delete(buckets.greatest, 15)) == 1.0
    assert np.flatnonzero(buckets.count == 0).tolist() == [8, 9, 10]
    assert np.isnan(buckets.mean[8:11]).all()
    assert buckets.count.sum() == len(samples)


def test_bad_quality_in_a_bucket_is_seen(store: EmbeddedStore, reader: EmbeddedReader) -> None:
    samples = [Sample("br1/a", 1.0, START_NS + n * SECOND) for n in range(100)]
    samples[42] = Sample("br1/a", math.nan, START_NS + 42 * SECOND, quality=0x80000001)
    store.write([stored(1, samples)])
    (buckets,) = reader.buckets(["br1/a"], Grid.over(START_NS, START_NS + 100 * SECOND, 4))
    assert buckets.quality.tolist() == [0, 0x80000001, 0, 0]
    assert buckets.count.tolist() == [25, 25, 25, 25]


def test_events_are_found_by_time_type_and_unit(store: EmbeddedStore, reader: EmbeddedReader) -> None:
    store.write([stored_event(n, alarm(START_NS + n * PERIOD_NS, identity=f"id-{n}")) for n in range(5)])
    found = reader.events(EventFilter(START_NS + PERIOD_NS, START_NS + 4 * PERIOD_NS))
    assert [event["id"] for event in found] == ["id-1", "id-2", "id-3"]
    assert [e["id"] for e in reader.events(EventFilter(*FOREVER, limit=2))] == ["id-3", "id-4"]
    assert reader.events(EventFilter(*FOREVER, types=frozenset({"mode"}))) == []
    assert (
        len(reader.events(EventFilter(*FOREVER, types=frozenset({"alarm"}), units=frozenset({"br1"})))) == 5
    )


def test_what_cannot_be_decoded_is_rejected_with_its_reason(store: EmbeddedStore) -> None:
    good, bad = stored(1, ramp(1)), stored(2, ramp(2))
    bad = bad._replace(kept=bad.data.replace(b"count=3i", b"count=4i"))
    outcome = store.write([good, bad])
    assert outcome.taken == 2
    assert [(r.message, r.data) for r in outcome.rejected] == [(bad, bad.data)]
    assert "4 were announced" in outcome.rejected[0].reason


def test_a_store_that_cannot_write_keeps(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store = EmbeddedStore(folder)
    folder.rmdir()
    folder.write_text("not a folder")
    outcome = store.write([stored(1, ramp(1))])
    store.close()
    assert outcome.taken == 0
    assert "cannot be written" in outcome.keep


def test_long_chunks_are_cut_and_whole_summaries_used(store: EmbeddedStore, reader: EmbeddedReader) -> None:
    samples = [Sample("br1/a", float(n % 7), START_NS + n * SECOND) for n in range(3500)]
    store.write([stored(1, samples)])
    (buckets,) = reader.buckets(["br1/a"], Grid.over(START_NS, START_NS + 3500 * SECOND, 1))
    assert buckets.count.tolist() == [3500]
    assert buckets.mean[0] == pytest.approx(np.mean([n % 7 for n in range(3500)]))
    assert (buckets.first[0], buckets.last[0]) == (0.0, 3499 % 7)
