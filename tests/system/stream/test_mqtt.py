"""The MQTT client against real brokers, and against networks and brokers that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from config.broker import Broker as Address
from gateway.demo.processes import free_port
from gateway.stream.mqtt import Inbound, MqttClient
from gateway.stream.mqtt_options import BrokerUnavailable, Delivery, Options, Will
from tests.servers.brokers import AnyBroker, mosquitto, nats
from tests.servers.mqtt_broken import broken_broker
from tests.servers.proxy import proxy
from tests.unit.stream.journals import until

BROKERS: dict[str, tuple[Callable[[Path], AnyBroker], str]] = {
    "mosquitto-3.1.1": (mosquitto, "3.1.1"),
    "mosquitto-5": (mosquitto, "5"),
    "nats-3.1.1": (nats, "3.1.1"),
}


class Site:
    """A broker that runs, and the protocol to speak to it."""

    def __init__(self, broker: AnyBroker, protocol: str) -> None:
        self.broker, self.protocol = broker, protocol

    def client(self, client_id: str, **options: Any) -> MqttClient:
        return client_of(self.broker.port, client_id, protocol=self.protocol, **options)


def client_of(
    port: int, client_id: str, *, protocol: str = "3.1.1", keep_alive: str = "10 s", **options: Any
) -> MqttClient:
    address = Address.model_validate(
        {"port": port, "protocol": protocol, "connect_timeout": "1 s", "keep_alive": keep_alive}
    )
    return MqttClient(Options(address, client_id, **options))


@pytest.fixture(params=BROKERS)
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    make, protocol = BROKERS[request.param]
    broker = make(tmp_path / "broker")
    await broker.start()
    try:
        yield Site(broker, protocol)
    finally:
        await broker.kill()


@asynccontextmanager
async def running(*clients: MqttClient, connected: bool = True) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(client.run()) for client in clients]
    try:
        if connected:
            async with asyncio.timeout(10):
                for client in clients:
                    await client.wait_connected()
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Ear:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[Inbound] = []

    def __call__(self, message: Inbound) -> None:
        self.heard.append(message)

    @property
    def payloads(self) -> list[bytes]:
        return [message.payload for message in self.heard]


async def test_messages_arrive_in_order_and_are_acknowledged(site: Site) -> None:
    ear, listener, speaker = Ear(), site.client("listener"), site.client("speaker", window=20)
    listener.subscribe("a/+", ear)
    sent = [b"%d" % n + b"x" * 2000 for n in range(300)]
    async with running(listener, speaker):
        deliveries = [await speaker.send("a/b", payload) for payload in sent]
        assert set(await asyncio.gather(*deliveries)) == {Delivery.ACKNOWLEDGED}
        await until(lambda: len(ear.heard) == 300)
    assert ear.payloads == sent
    assert {message.topic for message in ear.heard} == {"a/b"}
    assert (speaker.counters.published, listener.counters.received) == (300, 300)


async def test_a_large_message_arrives(site: Site) -> None:
    ear, client = Ear(), site.client("both")
    client.subscribe("big", ear)
    payload = bytes(range(256)) * 2000
    async with running(client):
        assert await client.publish("big", payload) is Delivery.ACKNOWLEDGED
        await until(lambda: ear.heard)
    assert ear.payloads == [payload]


async def test_retained_messages_say_so(site: Site) -> None:
    ear, speaker, listener = Ear(), site.client("speaker"), site.client("listener")
    listener.subscribe("state", ear)
    async with running(speaker):
        await speaker.publish("state", b"on", retain=True)
        async with running(listener):
            await until(lambda: ear.heard)
            await speaker.publish("state", b"off", retain=True)
            await until(lambda: len(ear.heard) == 2)
    assert [(m.payload, m.retain) for m in ear.heard] == [(b"on", True), (b"off", False)]


async def test_a_durable_session_keeps_what_was_not_acknowledged(site: Site) -> None:
    speaker, first = site.client("speaker"), Ear()
    client = site.client("durable", durable=True)
    client.subscribe("q/#", first, acknowledge=False)
    async with running(speaker):
        async with running(client):
            for number in range(5):
                await speaker.publish("q/1", b"%d" % number)
            await until(lambda: len(first.heard) == 5)
            for message in first.heard[:3]:
                message.acknowledge()
                message.acknowledge()  # a second time must not acknowledge another message
            await asyncio.sleep(0.1)
        await speaker.publish("q/2", b"while away")
        second, again = Ear(), site.client("durable", durable=True)
        again.subscribe("q/#", second)
        async with running(again):
            await until(lambda: len(second.heard) >= 3)
            await asyncio.sleep(0.2)
    assert sorted(second.payloads) == [b"3", b"4", b"while away"], "NATS brings the old ones last"


async def test_the_will_is_published_when_the_connection_is_cut_and_not_after_a_farewell(site: Site) -> None:
    ear, watcher = Ear(), site.client("watcher")
    watcher.subscribe("state", ear)
    async with running(watcher), proxy(site.broker.port) as network:
        for client_id, cut in (("polite", False), ("cut", True)):
            client = client_of(
                network.port, client_id, protocol=site.protocol, will=Will("state", client_id.encode())
            )
            async with running(client):
                if cut:
                    network.refusing = True
                    network.cut()
                    await until(lambda: ear.heard)
        await asyncio.sleep(0.1)
    assert ear.payloads == [b"cut"]


async def test_it_comes_back_after_the_broker_was_killed_and_subscribes_again(site: Site) -> None:
    ear, client = Ear(), site.client("client")
    client.subscribe("a", ear)
    ends: list[str] = []
    client.on_disconnected.append(ends.append)
    async with running(client):
        await site.broker.kill()
        await until(lambda: not client.connected)
        with pytest.raises(BrokerUnavailable):
            await client.publish("a", b"into the void")
        await site.broker.start()
        await until(lambda: client.connected, 20)
        await client.publish("a", b"back")
        await until(lambda: ear.heard)
    assert ear.payloads == [b"back"]
    assert (client.counters.connections, len(ends)) == (2, 1)
    assert client.counters.failures >= 1


async def test_what_was_on_the_way_when_the_connection_ended_is_lost_not_forgotten() -> None:
    async with broken_broker() as broker:
        broker.acknowledges = False
        client = client_of(broker.port, "c", window=3)
        async with running(client):
            deliveries = [await client.send("a", b"%d" % n) for n in range(3)]
            fourth = asyncio.create_task(client.send("a", b"no room"))
            await asyncio.sleep(0.05)
            assert not fourth.done()
            for writer in broker.writers:
                writer.close()
            assert await asyncio.gather(*deliveries) == [Delivery.LOST] * 3
            with pytest.raises(BrokerUnavailable):
                await fourth


async def test_a_broker_that_answers_pings_and_acknowledges_nothing_is_gone_to_anew() -> None:
    async with broken_broker() as broker:
        broker.answers_subscriptions = broker.acknowledges = False
        client = client_of(broker.port, "c", keep_alive="300 ms")
        client.subscribe("a", Ear())
        async with running(client, connected=False):
            await until(lambda: broker.connections >= 2)
            assert not client.connected
            broker.answers_subscriptions = True
            await until(lambda: client.connected)
            before = broker.connections
            assert await client.publish("b", b"1") is Delivery.LOST
            broker.acknowledges = True
            await until(lambda: client.connected)
            assert await client.publish("b", b"2") is Delivery.ACKNOWLEDGED
            assert broker.connections > before


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("speaks", [True, False])
def test_a_reset_behind_messages_that_wait_is_noticed(run: Callable[[Any], None], speaks: bool) -> None:
    """uvloop gives up a socket that was reset, with messages unread, and tells nobody."""

    async def scenario() -> None:
        ear = Ear()
        async with broken_broker() as broker:
            client = client_of(broker.port, "c")
            client.subscribe("a", ear)
            async with running(client):
                for _ in range(500):
                    broker.say("a", b"x" * 100)
                broker.reset()
                if speaks:
                    with contextlib.suppress(BrokerUnavailable):
                        await client.publish("b", b"1")
                await until(lambda: broker.connections == 2 and client.connected)
                assert await client.publish("b", b"2") is Delivery.ACKNOWLEDGED

    run(scenario())


async def test_a_refused_connection_is_tried_again() -> None:
    async with broken_broker() as broker:
        broker.connect_code = 5
        client = client_of(broker.port, "c")
        async with running(client, connected=False):
            await until(lambda: broker.connections >= 3)
            assert not client.connected
            broker.connect_code = 0
            await until(lambda: client.connected)


async def test_a_broker_that_says_nothing_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    async with broken_broker() as broker:
        broker.connect_code = None
        client = client_of(broker.port, "c")
        async with running(client, connected=False):
            await until(lambda: broker.connections >= 2)
        assert client.counters.failures >= 1
        assert caplog.text.count("no broker: no answer in time") == 1, "said once, not each time"


@contextmanager
def black_hole() -> Iterator[int]:
    """Give a port where a connection is neither made nor refused: the queue of a listener that is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(listener.getsockname())
        yield listener.getsockname()[1]


async def test_a_black_hole_never_holds_the_loop_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    turns = 0

    async def spin() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    with black_hole() as port:
        client = client_of(port, "c")
        spinner = asyncio.create_task(spin())
        async with running(client, connected=False):
            await until(lambda: client.counters.failures >= 1)
        spinner.cancel()
        await asyncio.gather(spinner, return_exceptions=True)
    assert turns > 20, "the loop went on while the thread was connecting"
    left = [t for t in threading.enumerate() if t not in before and not t.name.startswith("asyncio_")]
    assert left == []


async def test_a_half_open_connection_is_noticed(site: Site) -> None:
    async with proxy(site.broker.port) as network:
        client = client_of(network.port, "c", protocol=site.protocol, keep_alive="1 s")
        async with running(client):
            network.freeze()
            delivery = await client.send("a", b"x")
            async with asyncio.timeout(10):
                assert await delivery is Delivery.LOST
            network.cut()
            network.thaw()
            await until(lambda: client.connected)


async def test_a_handler_that_fails_ends_nothing(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    ear = Ear()

    def fail_once(message: Inbound) -> None:
        if not ear.heard:
            ear(message)
            raise ZeroDivisionError("a mistake of ours")
        ear(message)

    client = site.client("c")
    client.subscribe("a", fail_once)
    async with running(client):
        await client.publish("a", b"1")
        await client.publish("a", b"2")
        await until(lambda: len(ear.heard) == 2)
    assert (client.counters.connections, client.counters.handler_errors) == (1, 1)
    assert "could not be handled" in caplog.text


async def test_a_reply_carries_what_it_answers(tmp_path: Path) -> None:
    """MQTT 5: response topic and correlation data."""
    broker = mosquitto(tmp_path)
    await broker.start()
    try:
        ear, asker = Ear(), client_of(broker.port, "asker", protocol="5")
        asker.subscribe("reply/1", ear)
        async with running(asker):
            await asker.publish("reply/1", b"yes", correlation=b"\x00\x01")
            await until(lambda: ear.heard)
        assert ear.heard[0].correlation == b"\x00\x01"
    finally:
        await broker.kill()


async def test_a_broker_that_denies_a_subscription_is_heard() -> None:
    async with broken_broker() as broker:
        broker.refused_filters = 1
        client = client_of(broker.port, "c")
        client.subscribe("forbidden", Ear())
        client.subscribe("allowed", Ear())
        async with running(client):
            assert client.counters.subscriptions_refused == 1


async def test_nobody_there_is_no_error() -> None:
    client = client_of(free_port(), "c")
    async with running(client, connected=False):
        await until(lambda: client.counters.failures >= 3)
        with pytest.raises(BrokerUnavailable):
            await client.send("a", b"x")
