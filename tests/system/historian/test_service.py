"""From the journal through a real broker into the store, and back out of it: everything, once."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.broker import Broker
from gateway.demo.processes import Child
from gateway.historian import bridge
from gateway.historian.query import HOT_FILE, folder_of, open_history
from gateway.stream import topics
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import Options
from tests.servers.databases import Influxd, Victoria
from tests.servers.mosquitto import DEFAULT_LIMITS, Mosquitto
from tests.servers.works import Works, until

AnyBroker = Broker | Mosquitto


def hot_rows(works: Works, query: str, name: str = "historian") -> list[tuple[object, ...]]:
    path = folder_of(works.data, name) / HOT_FILE
    if not path.exists():
        return []
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return database.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []  # just being made
    finally:
        database.close()


def arrived(works: Works) -> int:
    return len(hot_rows(works, "SELECT 1 FROM message"))


async def started(child: Child) -> None:
    """Start a historian and wait until it listens."""
    known = child.log.stat().st_size if child.log.exists() else 0
    await child.start(lambda: b"connected to the broker" in child.log.read_bytes()[known:])


async def stopped(child: Child) -> None:
    assert await child.stop() == 0, child.tail(30)


async def test_what_is_journalled_is_stored_and_the_journal_trimmed(
    broker: AnyBroker, tmp_path: Path
) -> None:
    works = Works(tmp_path, broker.port, {})
    historian = works.historian()
    await started(historian)
    async with works.streaming():
        await works.flow(1.5)
        await works.confirmed()
        await until(lambda: not hot_rows_of_journal(works), 10.0, "the journal is trimmed")
    await stopped(historian)
    verdict = works.verdict()
    assert verdict.whole, verdict
    assert verdict.stored == verdict.journalled > 500


def hot_rows_of_journal(works: Works) -> bool:
    database = sqlite3.connect(f"file:{works.data / 'journal.sqlite'}?mode=ro", uri=True)
    try:
        return bool(database.execute("SELECT count(*) FROM record").fetchone()[0])
    finally:
        database.close()


async def test_a_historian_killed_again_and_again_loses_and_doubles_nothing(
    broker: AnyBroker, tmp_path: Path
) -> None:
    works = Works(tmp_path, broker.port, {})
    historian = works.historian()
    async with works.streaming():
        for number in range(3):
            await started(historian)
            goal = arrived(works) + 3
            flowing = asyncio.create_task(works.flow(0.8, 0.01))
            await until(lambda goal=goal: arrived(works) >= goal, 20.0, "messages arrive")  # type: ignore[misc]
            await asyncio.sleep(random.Random(number).uniform(0.0, 0.3))
            await historian.kill()
            await flowing
        await started(historian)
        await works.confirmed()
    await stopped(historian)
    verdict = works.verdict()
    assert verdict.whole, verdict
    assert verdict.stored == verdict.journalled > 1000


async def test_a_broker_that_forgot_everything_is_healed_by_the_watermark(
    broker: AnyBroker, tmp_path: Path
) -> None:
    works = Works(tmp_path, broker.port, {})
    async with works.serving(), works.streaming():
        for _ in range(2):
            await works.flow(0.7, 0.005)
            await broker.kill()
            await works.flow(0.3, 0.005)
            await broker.start()
        await works.flow(0.5)
        await works.confirmed()
    verdict = works.verdict()
    assert verdict.whole, verdict


async def test_a_broker_that_drops_silently_is_healed(tmp_path: Path) -> None:
    """Mosquitto with its default limits keeps a thousand messages for who is away; here are more."""
    broker = Mosquitto(tmp_path / "broker", DEFAULT_LIMITS)
    await broker.start()
    works = Works(tmp_path, broker.port, {"telemetry": {"max_points": 1}})
    historian = works.historian()
    async with works.streaming():
        await started(historian)
        works.report(5)
        await works.confirmed()
        await historian.kill()
        works.report(120)  # fifteen hundred messages
        await until(lambda: works.forward.counters.acknowledged >= 1440, 30.0, "the broker took all")
        await started(historian)
        await works.confirmed(60.0)
    await stopped(historian)
    verdict = works.verdict()
    assert verdict.whole, verdict
    await broker.stop()


async def test_a_historian_that_joins_later_begins_where_the_gateway_can(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """What was trimmed before it came is recorded as a gap; from there on it has everything."""
    joined = {"historians": [{"name": "first"}, {"name": "second"}], "consumers": [{"name": "first"}]}
    works = Works(tmp_path, mosquitto.port, joined)
    given_up = "SELECT sum(last - first + 1) FROM gap"
    marks = "SELECT partition, max(watermark) FROM source WHERE gateway = 'gw1' GROUP BY partition"
    async with works.serving("first"), works.streaming():
        await works.flow(0.5)
        await works.confirmed()
        async with works.serving("second"):
            flowing = asyncio.create_task(works.flow(4.0, 0.05))
            await until(
                lambda: hot_rows(works, given_up, "second") not in ([], [(None,)]), 20.0, "the gap is known"
            )
            await flowing
            await until(
                lambda: hot_rows(works, marks, "second") == [*works.journal.heads.items()], 20.0, "the rest"
            )
        await works.confirmed()
    assert works.verdict("first").whole
    verdict = works.verdict("second")
    assert verdict.missing > 0
    assert (verdict.altered, verdict.doubled) == (0, 0)


async def test_historians_share_by_partition(broker: AnyBroker, tmp_path: Path) -> None:
    shares = [{"name": "one", "partitions": [0]}, {"name": "two", "partitions": [1, 2]}]
    works = Works(tmp_path, broker.port, {"telemetry": {"partitions": 3}, "historians": shares})
    async with works.serving("one"), works.serving("two"), works.streaming():
        await works.flow(0.7)
        await works.confirmed()
        assert len(works.journal.heads) == 2
    one, two = works.verdict("one"), works.verdict("two")
    assert one.stored + two.stored == one.journalled
    assert one.stored > 0
    assert two.stored > 0
    assert (one.missing, two.missing) == (two.stored, one.stored)
    assert (one.altered, one.doubled, two.altered, two.doubled) == (0, 0, 0, 0)


async def test_rubbish_on_our_topics_blocks_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    works = Works(tmp_path, mosquitto.port, {})
    stranger = MqttClient(Options(works.site.streams.broker, "stranger"))
    running = asyncio.create_task(stranger.run())
    async with works.serving(), works.streaming():
        await works.flow(0.3)
        await works.confirmed()
        await stranger.wait_connected()
        for payload in (b"", b"rubbish", b"\xff" * 1000, orjson.dumps({"id": 1})):
            await stranger.publish("cellgate/v1/works/a/c/u1/pv/gw1/0", payload)
            await stranger.publish("cellgate/v1/works/a/c/u1/event/gw1/0", payload)
        await works.flow(0.3)
        await works.confirmed()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(hot_rows(works, "SELECT reason FROM quarantine")) == 8
    verdict = works.verdict()
    assert verdict.whole, verdict


async def test_history_never_dips_while_it_is_written(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Another process writes; when it ends, everything moves from the hot table into the day's file."""
    works = Works(tmp_path, mosquitto.port, {})
    historian = works.historian()
    await started(historian)
    names = [name for name in works.site.tags if name.startswith("u1/m")]
    counts: list[int] = []
    async with works.streaming():
        flowing = asyncio.create_task(works.flow(1.5, 0.01))
        await until(lambda: arrived(works) > 0, 20.0, "first message")
        history = open_history(works.site.streams.historians[0], works.data)
        while not flowing.done():
            counts.append(len(history.raw(names, 0, 2**62)))
            await asyncio.sleep(0.02)
        await works.confirmed()
        stopping = asyncio.create_task(stopped(historian))
        while not stopping.done():
            counts.append(len(history.raw(names, 0, 2**62)))
            await asyncio.sleep(0.005)
        await stopping
        counts.append(len(history.raw(names, 0, 2**62)))
        history.close()
    assert len(counts) > 20
    assert counts == sorted(counts)
    assert counts[-1] == counts[-2] >= 4 * 50


@pytest.mark.parametrize("database", ["influxd", "victoria"])
async def test_a_database_killed_in_the_flow(database: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """InfluxDB by /write, VictoriaMetrics by influxdb-client: dead for a while, nothing is missing."""
    server: Influxd | Victoria
    if database == "influxd":
        server, store = Influxd(tmp_path / database), {"api": "v1"}
    else:
        server, store = Victoria(tmp_path / database), {"api": "v2", "durable_after": "60 s"}
    await server.start()
    store |= {"type": "influxdb", "url": server.url}
    works = Works(tmp_path, mosquitto.port, {"historians": [{"name": "historian", "store": store}]})
    async with works.serving(), works.streaming():
        await works.flow(1.2, 0.01)
        await server.kill()
        await works.flow(1.0, 0.01)
        await server.start()
        await works.flow(0.5, 0.01)
        await works.confirmed()
        if isinstance(server, Victoria):
            await until(lambda: works.verdict().whole, 20.0, "the tail is written again")
    if isinstance(server, Victoria):
        server.flush()
    verdict = works.verdict()
    assert verdict.whole, verdict
    assert verdict.journalled > 1000
    await server.kill()


async def report_for_ever(works: Works) -> None:
    while True:
        works.report(50)
        await asyncio.sleep(0.2)


async def test_a_hot_table_at_its_limit_takes_nothing_and_loses_nothing(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is dead, the disk's share used up, memory too: the journal of the gateway has it all."""
    monkeypatch.setattr(bridge, "_WAITING_BYTES", 600_000)
    server = Influxd(tmp_path / "influxd")
    store = {"type": "influxdb", "api": "v1", "url": server.url}
    limited = {"name": "historian", "store": store, "max_bytes": 1_000_000}
    works = Works(tmp_path, mosquitto.port, {"historians": [limited]})
    topic = str(topics.HistorianHealth("works", "historian"))
    health: dict[str, Any] = {}
    watcher = MqttClient(Options(works.site.streams.broker, "watcher"))
    watcher.subscribe(topic, lambda message: health.update(orjson.loads(message.payload)))
    watching = asyncio.create_task(watcher.run())
    async with works.serving(), works.streaming():
        for _ in range(60):
            works.report(50)
            await asyncio.sleep(0.03)
        flowing = asyncio.create_task(report_for_ever(works))
        await until(lambda: "limit" in health.get("hot", {}).get("trouble", ""), 20.0, "the limit is reached")
        await until(lambda: health["shed"] > 0, 20.0, "more came than there is room for")
        flowing.cancel()
        await asyncio.gather(flowing, return_exceptions=True)
        assert not health["well"]
        assert health["store"]["trouble"]
        assert works.journal.watermarks.safe(0) < works.journal.heads[0]
        await server.start()
        await works.confirmed(40.0)
        await until(lambda: bool(health["well"]), 10.0, "all is well again")
    assert health["online"] is False
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    verdict = works.verdict()
    assert verdict.whole, verdict
    await server.kill()


async def test_catching_up_does_not_starve_the_present(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """While what waited for a dead database is written, what is reported now is safe and readable at once."""
    server = Influxd(tmp_path / "influxd")
    store = {"type": "influxdb", "api": "v1", "url": server.url, "max_points": 1}  # a message a write
    streams = {"historians": [{"name": "historian", "store": store}], "telemetry": {"max_points": 1}}
    works = Works(tmp_path, mosquitto.port, streams)

    def waiting() -> int:
        query = "SELECT max(id) - (SELECT min(id) FROM cursor) FROM message"
        return int(str((hot_rows(works, query) or [(0,)])[0][0] or 0))

    async with works.serving(), works.streaming():
        works.report(150)
        await works.confirmed(60.0)
        assert waiting() > 1000
        await server.start()
        await until(lambda: waiting() < 1000, 30.0, "it catches up")
        works.report()
        await works.confirmed()
        left = waiting()
        assert left > 100, "the past was written before the present was heard: this test shows nothing"
        history = open_history(works.site.streams.historians[0], works.data)
        last = await asyncio.to_thread(history.last, ["u0/m0.pv"])
        history.close()
        assert last.source_ns.tolist() == [works._clock_ns]
    await until(lambda: works.verdict().whole, 60.0, "the rest")
    await server.kill()


async def test_another_store_takes_over_what_waits(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The configuration names another store: what the old one never got goes to the new one."""
    nobody = {"type": "influxdb", "api": "v1", "url": "http://127.0.0.1:9"}
    before = Works(tmp_path, mosquitto.port, {"historians": [{"name": "historian", "store": nobody}]})
    async with before.serving(), before.streaming():
        await before.flow(0.4)
        await before.confirmed()
    after = Works(tmp_path, mosquitto.port, {})
    async with after.serving(), after.streaming():
        await after.flow(0.4)
        await after.confirmed()
    verdict = after.verdict()
    assert verdict.whole, verdict
