"""Stores behind HTTP: what is written comes back, what is refused is set aside, nothing else is lost."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from config.streams import InfluxStore as InfluxConfig
from gateway.batch.context import Context
from gateway.historian.api import EventFilter, Message, Reader
from gateway.historian.buckets import Grid
from gateway.historian.drain import Drain
from gateway.historian.hot import HotTable
from gateway.historian.hot_queue import HotQueue
from gateway.historian.influx import InfluxStore
from gateway.historian.influx_answers import Answer
from gateway.historian.influx_http import ConnectionV1
from gateway.historian.influx_probe import probe
from gateway.historian.influx_reader import InfluxReader
from gateway.historian.query import open_reader
from gateway.historian.victoria_reader import VictoriaReader
from tests.messages import START_NS, Sample, alarm, arrival, ramp, stored, stored_event
from tests.servers.databases import Influxd, Victoria

SECOND = 10**9
FOREVER = (0, START_NS + 10**17)


@pytest.fixture
async def influxd(tmp_path: Path) -> AsyncIterator[Influxd]:
    server = Influxd(tmp_path / "influxd")
    await server.start()
    yield server
    await server.kill()


@pytest.fixture
async def victoria(tmp_path: Path) -> AsyncIterator[Victoria]:
    server = Victoria(tmp_path / "victoria")
    await server.start()
    yield server
    await server.kill()


def v1(server: Influxd) -> InfluxConfig:
    return InfluxConfig(type="influxdb", url=server.url, api="v1")


def v2(server: Victoria | Influxd) -> InfluxConfig:
    return InfluxConfig(type="influxdb", url=server.url, durable_after=60.0)


def written(config: InfluxConfig, messages: Sequence[Message]) -> None:
    store = InfluxStore(config)
    outcome = store.write(messages)
    store.close()
    assert (outcome.taken, outcome.rejected, outcome.keep) == (len(messages), [], "")


SAMPLES = [
    Sample("br1/a", 37.02, START_NS + 123_456_789, quality=0x80, status=5),
    Sample("br1/a", math.nan, START_NS + 123_456_790, quality=0x80000001),
    Sample("br1/a", 0.1 + 0.2, START_NS + SECOND),
    Sample("br1/a", -0.0, START_NS + SECOND, ordinal=1),
    Sample("br1/a", 1e300, START_NS + 2 * SECOND),
    Sample("br1/a", 5e-324, START_NS + 3 * SECOND),
    Sample("br1/a, b=c", 1 / 3, START_NS),
    Sample("br1/c", 'it\'s "so",\nor\\not', START_NS),
    Sample("br1/d", 2**63 + 1, START_NS),
    Sample("br1/d", 2**60, START_NS + 1, quality=0x40000000),
]


async def test_influxdb_1_keeps_every_bit(influxd: Influxd) -> None:
    context = Context("c-17", "b-3", "growth")
    written(v1(influxd), [stored(1, SAMPLES, context=context)])
    reader = open_reader(v1(influxd), Path())
    assert isinstance(reader, InfluxReader)
    names = ["br1/a", "br1/a, b=c", "br1/c", "br1/d"]
    assert reader.tags() == names
    points = reader.raw(names, *FOREVER)
    assert points.source_ns.tolist() == [sample.source_ns for sample in SAMPLES]
    for row, sample in enumerate(SAMPLES):
        kept = (points.quality[row], points.status[row], points.ordinal[row])
        assert kept == (sample.quality, sample.status, sample.ordinal)
        if isinstance(sample.value, float):
            assert np.float64(sample.value).tobytes() == points.value[row].tobytes() or math.isnan(
                sample.value
            )
            assert math.isnan(points.value[row]) == math.isnan(sample.value)
        else:
            assert points.texts[points.text[row]] == sample.value
    assert {points.contexts[number] for number in points.context.tolist()} == {context}
    newest = reader.last([*names, "br1/none"])
    assert [newest.tags[tag] for tag in newest.tag.tolist()] == names
    assert newest.value[0] == 5e-324
    reader.close()


async def test_victoria_keeps_milliseconds_and_twelve_digits(victoria: Victoria) -> None:
    numbers = [
        Sample("br1/a", 37.02, START_NS + 123_456_789, quality=0x80, status=5),
        Sample("br1/a", math.nan, START_NS + 124_000_000, quality=0x80000001),
        Sample("br1/a", 0.1 + 0.2, START_NS + SECOND),
        Sample("br1/a", 7.5, START_NS + SECOND, ordinal=1),
    ]
    written(v2(victoria), [stored(1, numbers)])
    victoria.flush()
    reader = open_reader(v2(victoria), Path())
    assert isinstance(reader, VictoriaReader)
    points = reader.raw(["br1/a"], *FOREVER)
    assert points.source_ns.tolist() == [s.source_ns // 10**6 * 10**6 for s in numbers]
    expected = np.array([s.value for s in numbers], np.float64)
    np.testing.assert_allclose(points.value, expected, rtol=1e-12)
    assert points.quality.tolist() == [s.quality for s in numbers]
    assert points.status.tolist() == [s.status for s in numbers]
    assert points.ordinal.tolist() == [0, 0, 0, 1]
    assert reader.last(["br1/a"]).value.tolist() == [7.5]
    assert reader.tags() == ["br1/a"]
    reader.close()


def check_buckets(reader: Reader, samples: Sequence[Sample], tag: str) -> None:
    grid = Grid.over(START_NS, START_NS + 600 * SECOND, 7)
    (buckets,) = reader.buckets([tag], grid)
    for bucket, start in enumerate(grid.starts().tolist()):
        inside = [s.value for s in samples if start <= s.source_ns < start + grid.width_ns and s.tag == tag]
        numbers = [float(value) for value in inside]
        assert buckets.count[bucket] == len(numbers)
        if numbers:
            found = [getattr(buckets, n)[bucket] for n in ("least", "greatest", "mean", "first", "last")]
            expected = [min(numbers), max(numbers), sum(numbers) / len(numbers), numbers[0], numbers[-1]]
            assert found == pytest.approx(expected, rel=1e-11)
        else:
            assert math.isnan(buckets.least[bucket])


def waves() -> list[Sample]:
    times = [n for n in range(600) if not 200 <= n < 400]
    return [
        Sample(
            f"br1/t{t}", round(50 * math.sin(n / 40 + t), 3) + (99 if n == 555 else 0), START_NS + n * SECOND
        )
        for t in range(2)
        for n in times
    ]


async def test_buckets_of_influxdb_1(influxd: Influxd) -> None:
    written(v1(influxd), [stored(1, waves())])
    reader = open_reader(v1(influxd), Path())
    check_buckets(reader, waves(), "br1/t1")
    reader.close()


async def test_buckets_of_victoria(victoria: Victoria) -> None:
    written(v2(victoria), [stored(1, waves())])
    victoria.flush()
    reader = open_reader(v2(victoria), Path())
    check_buckets(reader, waves(), "br1/t0")
    reader.close()


async def test_writing_again_doubles_nothing(influxd: Influxd, victoria: Victoria) -> None:
    messages = [stored(n, ramp(n)) for n in range(1, 50)]
    for config in (v1(influxd), v2(victoria)):
        for _ in range(2):
            written(config, messages)
    victoria.flush()
    for config in (v1(influxd), v2(victoria)):
        reader = open_reader(config, Path())
        assert reader.raw(["br1/t1.pv"], *FOREVER).value.tolist() == [n + 0.125 for n in range(1, 50)]
        reader.close()


async def test_events_are_copied_to_influxdb(influxd: Influxd) -> None:
    events = [
        alarm(START_NS, "br1/high", "a"),
        alarm(START_NS, "br1/low", "b"),
        alarm(START_NS + 5, "br1/low", "c"),
    ]
    written(v1(influxd), [stored_event(n, event) for n, event in enumerate(events, 1)])
    reader = open_reader(v1(influxd), Path())
    found = reader.events(EventFilter(*FOREVER, types=frozenset({"alarm"}), units=frozenset({"br1"})))
    assert {event["id"] for event in found} == {"a", "b", "c"}
    assert found[-1] == {**events[2].model_dump(mode="json"), "epoch": START_NS, "sequence": 3}
    assert reader.events(EventFilter(*FOREVER, units=frozenset({"br2"}))) == []
    reader.close()


async def test_the_good_lines_of_a_partial_write_are_not_sent_again(
    influxd: Influxd, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    write = ConnectionV1.write

    def recorded(self: ConnectionV1, lines: bytes, bucket: str) -> Answer:
        sent.extend(lines.splitlines())
        return write(self, lines, bucket)

    monkeypatch.setattr(ConnectionV1, "write", recorded)
    messages = [stored(n, ramp(n)) for n in range(1, 6)]
    messages[2] = messages[2]._replace(kept=messages[2].data.replace(b"value=3.125", b"value=3.1.25"))
    store = InfluxStore(v1(influxd))
    outcome = store.write(messages)
    store.close()
    assert (outcome.taken, len(outcome.rejected)) == (5, 1)
    assert len(sent) == len(set(sent)) == 15, "each line once, the refused one too"


async def test_lines_that_the_database_names_are_set_aside(influxd: Influxd) -> None:
    good, bad = stored(1, ramp(1)), stored(2, ramp(2))
    bad = bad._replace(kept=bad.data.replace(b"value=2.125", b"value=2.1.25"))
    store = InfluxStore(v1(influxd))
    outcome = store.write([good, bad])
    assert outcome.taken == 2
    assert [(r.message.sequence, r.data.split(b" ")[1]) for r in outcome.rejected] == [
        (2, b"value=2.1.25,quality=0i")
    ]
    assert "invalid number" in outcome.rejected[0].reason
    store.close()
    reader = open_reader(v1(influxd), Path())
    assert len(reader.raw([f"br1/t{n}.pv" for n in range(3)], *FOREVER)) == 5
    reader.close()


async def test_lines_of_another_type_are_found_and_set_aside(influxd: Influxd) -> None:
    """The server says which field conflicts, not in which lines."""
    message = stored(1, [Sample(f"br1/t{n}", float(n), START_NS + n) for n in range(100)])
    for number in (17, 60, 61):
        line = b"value=%d.0," % number
        message = message._replace(kept=message.data.replace(line, b'value="%d",' % number))
    store = InfluxStore(v1(influxd))
    assert store.write([stored(9, ramp(9))]).rejected == []
    outcome = store.write([message])
    store.close()
    names = [b'name=br1/t%d value="%d"' % (n, n) for n in (17, 60, 61)]
    assert sorted(r.data.split(b",")[1] for r in outcome.rejected) == names
    assert all("conflict" in r.reason for r in outcome.rejected)
    reader = open_reader(v1(influxd), Path())
    assert len(reader.raw([f"br1/t{n}" for n in range(100)], *FOREVER)) == 97
    reader.close()


async def test_a_wrong_api_is_kept_and_explained(influxd: Influxd) -> None:
    store = InfluxStore(v2(influxd))
    outcome = store.write([stored(1, ramp(1))])
    store.close()
    assert outcome.taken == 0
    assert "configure `api: v1`" in outcome.keep
    well, says = probe(v2(influxd))
    assert not well
    assert "api: v1" in says


async def test_who_may_not_write_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    server = Influxd(tmp_path, auth=True)
    await server.start()
    server.post("/query", q="CREATE USER admin WITH PASSWORD 'secret' WITH ALL PRIVILEGES")
    wrong = InfluxConfig(type="influxdb", url=server.url, api="v1", token=SecretStr("admin:wrong"))
    store = InfluxStore(wrong)
    outcome = store.write([stored(1, ramp(1))])
    store.close()
    assert outcome.taken == 0
    assert "401" in outcome.keep
    right = wrong.model_copy(
        update={"token": InfluxConfig(type="influxdb", url="", token="admin:secret").token}
    )
    written(right, [stored(1, ramp(1))])
    assert probe(right)[0]
    reader = open_reader(right, Path())
    assert len(reader.raw(["br1/t0.pv"], *FOREVER)) == 1
    reader.close()
    await server.kill()


async def test_an_outage_costs_disk_and_nothing_else(influxd: Influxd, tmp_path: Path) -> None:
    path = tmp_path / "hot.sqlite"
    hot = HotTable(path, "historian", "")
    store = InfluxStore(v1(influxd))
    drain = Drain(HotQueue(path, store.name), store)
    hot.commit([arrival(n) for n in range(1, 11)])
    drain.step(START_NS, START_NS / SECOND, flush=True)
    await influxd.kill()
    hot.commit([arrival(n) for n in range(11, 31)])
    assert drain.step(START_NS, START_NS / SECOND, flush=True) > 0
    assert drain.state.trouble
    assert hot.depth() == 20
    await influxd.start()
    drain.step(START_NS, START_NS / SECOND, flush=True)
    assert drain.state.trouble == ""
    assert hot.depth() == 0
    drain.close()
    hot.close()
    reader = open_reader(v1(influxd), Path())
    assert reader.raw(["br1/t0.pv"], *FOREVER).value.tolist() == [float(n) for n in range(1, 31)]
    reader.close()


async def test_what_victoria_forgets_is_written_again(victoria: Victoria, tmp_path: Path) -> None:
    """Killed right after its 204s it has lost them; the tail in the hot table brings them back."""
    path = tmp_path / "hot.sqlite"
    hot = HotTable(path, "historian", "")
    store = InfluxStore(v2(victoria))
    drain = Drain(HotQueue(path, store.name), store)
    now_ns = START_NS
    for first in range(1, 41, 10):
        hot.commit([arrival(n) for n in range(first, first + 10)])
        drain.step(now_ns, now_ns / SECOND, flush=True)
        now_ns += SECOND
    await victoria.kill()
    await asyncio.sleep(1.0)  # it tells its start in whole seconds
    await victoria.start()
    reader = open_reader(v2(victoria), Path())
    assert len(reader.raw(["br1/t0.pv"], *FOREVER)) < 40, "it forgot: otherwise this test shows nothing"
    drain.step(now_ns + 10 * SECOND, (now_ns + 10 * SECOND) / SECOND, flush=True)
    victoria.flush()
    assert drain.state.replayed == 40
    assert reader.raw(["br1/t0.pv"], *FOREVER).value.tolist() == [float(n) for n in range(1, 41)]
    drain.step(now_ns + 75 * SECOND, (now_ns + 75 * SECOND) / SECOND, flush=True)
    assert drain._queue.rewind() == 0, "what is older than durable_after is deleted"
    reader.close()
    drain.close()
    hot.close()


async def test_the_probe_tells_what_a_database_keeps(influxd: Influxd, victoria: Victoria) -> None:
    assert probe(v1(influxd)) == (
        True,
        f"{influxd.url}, bucket cellgate: InfluxDB, keeps every bit and nanosecond",
    )
    well, says = probe(v2(victoria))
    assert well
    assert "milliseconds" in says
    well, says = probe(v2(victoria).model_copy(update={"durable_after": 0.0}))
    assert not well
    assert "durable_after" in says
    await victoria.kill()
    assert not probe(v2(victoria))[0]
