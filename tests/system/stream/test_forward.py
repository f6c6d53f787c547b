"""Nothing journalled is lost on its way, whatever brokers and historians do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from gateway.stream import topics
from gateway.stream.events import GapEvent, JournalEvent
from gateway.stream.journal_reader import JournalReader
from gateway.stream.mqtt import Inbound, MqttClient
from gateway.stream.mqtt_options import Options
from tests.servers.brokers import BROKERS, AnyBroker, mosquitto
from tests.servers.mosquitto import DEFAULT_LIMITS, Mosquitto
from tests.servers.mqtt_broken import broken_broker
from tests.servers.proxy import proxy
from tests.servers.recorder import Recorder
from tests.system.stream.gateways import check, gateway, quick_site
from tests.unit.stream.journals import until


@pytest.fixture(params=BROKERS)
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnyBroker]:
    made = BROKERS[request.param](tmp_path / "broker")
    await made.start()
    try:
        yield made
    finally:
        await made.kill()


@pytest.fixture
async def quiet_broker(tmp_path: Path) -> AsyncIterator[AnyBroker]:
    """One broker, for tests in which the broker does nothing special."""
    made = mosquitto(tmp_path / "broker")
    await made.start()
    try:
        yield made
    finally:
        await made.kill()


async def test_everything_arrives_in_order_and_the_journal_is_trimmed(
    broker: AnyBroker, tmp_path: Path
) -> None:
    recorder = Recorder(broker.port)
    patient = quick_site(broker.port, telemetry={"stall_after": "10 s"})
    async with recorder.running(), gateway(tmp_path, patient) as made:
        await made.flow(1.0)
        await made.confirmed(recorder)
        assert recorder.doubles == 0
        async with asyncio.timeout(10):
            while await made.journal.read(0, 0, 1):
                await asyncio.sleep(0.05)
        assert made.forward.counters.repeated == 0
    check(recorder, made)


async def test_killing_the_broker_again_and_again_loses_nothing(broker: AnyBroker, tmp_path: Path) -> None:
    recorder = Recorder(broker.port)
    async with recorder.running(), gateway(tmp_path, quick_site(broker.port)) as made:
        for _ in range(2):
            flowing = asyncio.create_task(made.flow(0.6))
            await asyncio.sleep(0.3)
            await broker.kill()
            await flowing
            await broker.start()
            await until(lambda: made.client.connected)
        await made.flow(0.3)
        await made.confirmed(recorder)
        assert made.forward.counters.quarantined == 0
        assert made.client.counters.connections >= 3
    check(recorder, made)


async def test_a_backlog_is_sent_when_a_broker_appears(quiet_broker: AnyBroker, tmp_path: Path) -> None:
    await quiet_broker.kill()
    site = quick_site(quiet_broker.port, telemetry={"max_points": 20, "window": 20})
    recorder = Recorder(quiet_broker.port)
    async with gateway(tmp_path, site, connect=False) as made:
        await made.flow(0.5)
        await made.journalled()
        await quiet_broker.start()
        async with recorder.running():
            await made.confirmed(recorder)
    check(recorder, made)


async def test_default_limits_of_mosquitto_lose_messages_and_the_watermark_heals_it(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker", DEFAULT_LIMITS)
    await broker.start()
    recorder = Recorder(broker.port)
    try:
        async with gateway(tmp_path, quick_site(broker.port, telemetry={"max_points": 1})) as made:
            async with recorder.running():
                made.report(5)
                await made.confirmed(recorder)
            made.report(1200)  # messages, for a historian that is away: the broker keeps 1000 of them
            await made.journalled()
            await until(lambda: made.forward.cursors.all_taken)
            async with recorder.running():
                await made.confirmed(recorder, 40)
            assert made.forward.counters.repeated >= 100
    finally:
        await broker.kill()
    check(recorder, made)


@pytest.mark.parametrize("asks", [True, False])
async def test_what_a_historian_misses_is_repeated_asked_or_not(
    quiet_broker: AnyBroker, tmp_path: Path, asks: bool
) -> None:
    recorder = Recorder(quiet_broker.port, asks=asks)
    missed: set[tuple[int, int, int]] = set()

    def lose_each_third_once(key: tuple[int, int, int]) -> bool:
        if key[2] % 3 or key in missed:
            return False
        missed.add(key)
        return True

    recorder.loses = lose_each_third_once
    site = quick_site(quiet_broker.port, telemetry={"max_points": 5})
    async with recorder.running(), gateway(tmp_path, site) as made:
        await made.flow(0.5)
        await made.confirmed(recorder)
        assert len(missed) > 20
        if not asks:
            assert made.forward.cursors.stalls > 0
    check(recorder, made)


async def test_a_historian_that_is_far_behind_holds_the_rest_back(
    quiet_broker: AnyBroker, tmp_path: Path
) -> None:
    site = quick_site(quiet_broker.port, telemetry={"max_points": 1, "ahead": 50, "stall_after": "60 s"})
    recorder = Recorder(quiet_broker.port)
    async with gateway(tmp_path, site) as made:
        made.report(200)
        await made.journalled()
        await until(lambda: made.forward.cursors.held_back)
        await until(lambda: made.forward.counters.acknowledged == 50)
        await asyncio.sleep(0.2)
        assert made.forward.counters.sent == 50
        recorder.asks = False
        async with recorder.running():
            await recorder.claim(made.journal.epoch, 0, 50)
            recorder.given_up |= {(made.journal.epoch, 0, n) for n in range(1, 51)}
            await made.confirmed(recorder)
        assert not made.forward.cursors.held_back


async def test_a_claim_that_cannot_be_right_is_told_once_and_trims_nothing(
    quiet_broker: AnyBroker, tmp_path: Path
) -> None:
    recorder = Recorder(quiet_broker.port)
    recorder.publishes = False
    async with recorder.running(), gateway(tmp_path, quick_site(quiet_broker.port)) as made:
        made.report(10)
        await until(lambda: recorder.stored)
        epoch, head = made.journal.epoch, made.journal.heads[0]
        for claimed in ((epoch, head + 1000), (epoch - 1, 1), (epoch - 1, 1), (epoch, -1)):
            await recorder.claim(claimed[0], 0, claimed[1])
        await until(lambda: made.forward.feedback.counters.watermarks_refused == 4)
        assert len(await made.journal.read(0, 0, 100)) >= head
        assert made.journal.watermarks.safe(0) == 0
        await until(lambda: made.reporter.events == 3)
        recorder.publishes = True
        await made.confirmed(recorder)
    told = [
        e.detail for e in recorder.events if isinstance(e, JournalEvent) and e.what == "watermark_refused"
    ]
    assert len(told) == 3
    assert "past what was sent" in told[0]
    assert "unknown epoch" in told[1]
    assert "backwards" in told[2]


async def test_who_asks_for_what_is_gone_hears_that_it_is_gone(
    quiet_broker: AnyBroker, tmp_path: Path
) -> None:
    recorder = Recorder(quiet_broker.port)
    site = quick_site(quiet_broker.port, telemetry={"max_points": 1})
    async with recorder.running(), gateway(tmp_path, site) as made:
        made.report(20)
        await made.confirmed(recorder)
        async with asyncio.timeout(10):
            while await made.journal.read(0, 0, 1):
                await asyncio.sleep(0.05)
        newcomer = Recorder(quiet_broker.port, "newcomer")
        newcomer.publishes = newcomer.asks = False
        async with newcomer.running():
            for _ in range(3):
                await newcomer.ask(made.journal.epoch, 0, 3, 12)
            await until(lambda: any(isinstance(event, GapEvent) for event in newcomer.events))
            await asyncio.sleep(0.3)
        gaps = [(e.first, e.last, e.reason) for e in newcomer.events if isinstance(e, GapEvent)]
        assert gaps == [(3, 12, "trimmed")]


async def test_a_record_that_no_broker_bears_is_set_aside_and_the_rest_passes(tmp_path: Path) -> None:
    async with broken_broker() as broker:
        broker.drops_on = lambda topic, payload: b"sequence=5i" in payload
        site = quick_site(broker.port, telemetry={"max_points": 1}, consumers=[])
        async with gateway(tmp_path, site) as made:
            made.report(10)
            await until(lambda: made.forward.counters.quarantined == 1, 30)
            made.report(10)
            await made.journalled()
            await until(lambda: made.forward.cursors.all_taken, 30)
            assert made.forward.counters.quarantined == 1
        points = b"".join(payload for topic, payload in broker.published if "/pv/" in topic)
        values = {int(value) for value in re.findall(rb" value=(\d+)\.0,", points)}
        assert values == set(range(20)) - {4}
        events = [orjson.loads(payload) for topic, payload in broker.published if "/event/" in topic]
        assert ["quarantined", 5, 5] in [[e.get("reason"), e.get("first"), e.get("last")] for e in events]
    with JournalReader(tmp_path / "journal.sqlite") as reader:
        ((record, reason, _),) = reader.quarantined()
        assert (record.sequence, reason) == (5, "the connection ended each time it was sent")


async def test_a_broker_that_ends_every_connection_condemns_no_record(tmp_path: Path) -> None:
    async with broken_broker() as broker:
        broker.drops_on = lambda _topic, _payload: True
        async with gateway(tmp_path, quick_site(broker.port), connect=False) as made:
            made.report(10)
            await until(lambda: broker.connections >= 5, 30)
            assert made.forward.counters.quarantined == 0
            broker.drops_on = lambda _topic, _payload: False
            await until(lambda: made.forward.cursors.all_taken, 30)


async def test_a_record_that_cannot_be_encoded_is_set_aside(quiet_broker: AnyBroker, tmp_path: Path) -> None:
    recorder = Recorder(quiet_broker.port)
    site = quick_site(quiet_broker.port)
    async with gateway(tmp_path, site, connect=False) as made:
        made.report(3)
        await made.journalled()
        database = made.journal._writer._keeper.file._database
        database.execute("UPDATE record SET data = x'00' WHERE sequence = 1")
        made.report(3)
    made.reported = 0
    async with recorder.running(), gateway(tmp_path, site) as again:
        again.report(3)
        await again.confirmed(recorder)
        assert [gap.first for gap in recorder.events if isinstance(gap, GapEvent)] == [1]


async def test_without_a_required_historian_the_brokers_word_trims(
    quiet_broker: AnyBroker, tmp_path: Path
) -> None:
    async with gateway(tmp_path, quick_site(quiet_broker.port, consumers=[])) as made:
        await made.flow(0.3)
        await made.journalled()
        await until(lambda: made.forward.cursors.all_taken)
        async with asyncio.timeout(10):
            while await made.journal.read(0, 0, 1):
                await asyncio.sleep(0.05)


async def test_a_half_open_network_delays_and_loses_nothing(quiet_broker: AnyBroker, tmp_path: Path) -> None:
    recorder = Recorder(quiet_broker.port)
    async with (
        recorder.running(),
        proxy(quiet_broker.port) as network,
        gateway(tmp_path, quick_site(network.port)) as made,
    ):
        await made.flow(0.2)
        network.freeze()
        await made.flow(0.5)
        await until(lambda: not made.client.connected, 10)
        network.cut()
        network.thaw()
        await made.flow(0.2)
        await made.confirmed(recorder)
    check(recorder, made)


async def test_the_state_is_retained_and_the_will_takes_it_back(
    quiet_broker: AnyBroker, tmp_path: Path
) -> None:
    heard: list[Inbound] = []
    watcher = MqttClient(Options(quick_site(quiet_broker.port).streams.broker, "watcher"))
    watcher.subscribe(topics.State.pattern(site="works"), heard.append)
    watching = asyncio.create_task(watcher.run())
    try:
        await watcher.wait_connected()
        async with (
            proxy(quiet_broker.port) as network,
            gateway(tmp_path, quick_site(network.port)) as made,
        ):
            await until(lambda: len(heard) == 1)
            network.refusing = True
            network.cut()
            await until(lambda: len(heard) == 2)
            network.refusing = False
            await until(lambda: len(heard) == 3)
            await made.forward.settle(1.0)
            await until(lambda: len(heard) == 4)
        states = [orjson.loads(message.payload) for message in heard]
        assert [state["online"] for state in states] == [True, False, True, False]
        assert states[0]["epoch"] == made.journal.epoch
        assert states[0]["config"] == made.site.fingerprint
        assert (states[1]["since_ns"], states[1]["epoch"]) == (None, None), "nobody knows in a will"
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_mqtt_5_carries_the_same(quiet_broker: AnyBroker, tmp_path: Path) -> None:
    recorder = Recorder(quiet_broker.port)
    site = quick_site(quiet_broker.port, protocol="5")
    async with recorder.running(), gateway(tmp_path, site) as made:
        await made.flow(0.3)
        await made.confirmed(recorder)
    check(recorder, made)
