"""Traps of the library that only show beside it: plain asyncua falls in, the driver does not.

T4 is in test_faults, T6 and the undecodable value of T7 in tests/property/test_opcua_decode. That the
driver stands T1, T2 and T5 is also in test_faults (half-open), test_gaps and test_opcua_decode.
"""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import asyncua.ua
import pytest
from asyncua.client.client import Client
from asyncua.client.ua_client import UaClientState
from asyncua.common.subscription import StatusChangeEvent, Subscription
from asyncua.server.internal_session import InternalSession
from asyncua.ua.uaerrors import BadTooManyOperations

from drivers.opcua.decoder import Decoder
from drivers.opcua.driver import OpcUaDriver
from drivers.opcua.messages import Stretch
from drivers.opcua.plan import make_plan
from drivers.opcua.subscription import Subscription as OurSubscription
from drivers.session import Session
from simulators.link_faults import LinkFault, LinkFaultKind
from tests.servers.opcua import NAMESPACE, OpcUaServer
from tests.unit.drivers.opcua.plant import Seen, device, follow, opened, ref
from tests.unit.drivers.opcua.test_faults import linked, until

ua: Any = asyncua.ua


class _Handler:
    def __init__(self) -> None:
        self.values: list[Any] = []

    def datachange_notification(self, node: Any, val: Any, data: Any) -> None:
        self.values.append(val)


async def test_t1_a_subscription_is_whole_again_after_a_link_that_broke_while_it_was_rebuilt(
    plant: OpcUaServer, name: str
) -> None:
    """The library's watchdog empties the list of items while its supervisor rebuilds the connection."""
    plant.do("add", names=[name + "a"], value=1.0)
    heard = _Handler()
    async with linked(plant) as link:
        library = Client(f"opc.tcp://127.0.0.1:{link.port}/test", timeout=1, auto_reconnect=True)
        async with library:
            index = await library.get_namespace_index(NAMESPACE)
            subscription = await library.create_subscription(100, heard)
            await subscription.subscribe_data_change(library.get_node(f"ns={index};s={name}a"))
            await until(lambda: heard.values == [1.0])
            await link.set_fault(LinkFault(LinkFaultKind.HALF_OPEN))
            with pytest.raises((ConnectionError, TimeoutError)):
                await subscription.recreate()  # as the watchdog does with a subscription that is stale
            await link.clear()
            await until(lambda: library.state is UaClientState.CONNECTED)
            plant.do("set", name=name + "a", value=2.0)
            settings = device(link.port, dead_after=1.0, timeout=0.5)
            seen = Seen()
            session = Session("d", settings, OpcUaDriver("d", settings), [ref(0, name + "a")], seen)
            task = asyncio.create_task(session.run(), name="session")
            try:
                await until(lambda: seen.last(0) == 2.0)
                await link.set_fault(LinkFault(LinkFaultKind.HALF_OPEN))
                await until(lambda: session.statistics.failures > 0)
                await link.clear()
                plant.do("set", name=name + "a", value=3.0)
                await until(lambda: seen.last(0) == 3.0)
            finally:
                task.cancel()
                await asyncio.wait([task])
            assert heard.values == [1.0], "the library is connected again, and silent"


def test_t2_a_keep_alive_is_no_message() -> None:
    """Some servers encode a keep-alive as an empty array: the library then skips the message it lost."""
    plain = Subscription(InternalSession, ua.CreateSubscriptionParameters(), _Handler())  # type: ignore[arg-type]
    keep_alive = ua.PublishResult()
    keep_alive.NotificationMessage.SequenceNumber = ua.UInt32(4)
    keep_alive.NotificationMessage.NotificationData = []
    asyncio.run(plain.publish_callback(keep_alive))
    assert plain.last_sequence_number == 4, "number 4 counts as received, and is not asked for again"
    ours = OurSubscription(1, 0.1, 1.0, 0.0, expected=4)
    ours.advance(4, is_keep_alive=True)
    assert ours.missing_before(4) == 0


def test_t5_ten_thousand_values_of_one_message_are_ten_thousand_values() -> None:
    plain = Subscription(InternalSession, ua.CreateSubscriptionParameters())  # type: ignore[arg-type]
    for number in range(10_000):
        plain._deliver(StatusChangeEvent(number))  # type: ignore[arg-type]
    queue = plain._event_queue
    assert queue is not None
    assert queue.qsize() == 1000, "nine thousand are gone without a word"
    refs = [ref(at, str(at)) for at in range(10_000)]
    decoder = Decoder(make_plan(device(1), refs), 10.0)
    item = struct.Struct("<IBBd")
    data = b"".join(item.pack(at, 1, 11, float(at)) for at in range(10_000))
    assert len(decoder.columns(data, Stretch(0, len(data), 10_000), 1)) == 10_000


async def test_t3_a_dead_subscription_is_noticed_in_seconds_not_in_minutes(
    plant: OpcUaServer, name: str
) -> None:
    plant.do("add", names=[name + "a"])
    async with Client(plant.endpoint) as library:
        await library.create_subscription(100, _Handler())
        counts = [count for interval, count, _ in plant.do("subscriptions") if interval == 100.0]
        assert 0.1 * max(counts) > 5 * 60, "three quarters of the session timeout: by default 45 minutes"
    async with opened(device(plant.port), [ref(0, name + "a")]) as driver:
        seen = Seen()
        await follow(driver, seen, lambda: seen.keep_alives > 0)
        assert driver._live is not None
        follower = driver._live._follower
        assert [each.keep_alive_s for each in follower._subscriptions.values()] == [pytest.approx(0.3)]


async def test_t7_many_items_are_asked_for_in_portions(plant: OpcUaServer, name: str) -> None:
    names = [f"{name}{number}" for number in range(8)]
    plant.do("add", names=names)
    plant.do("behave", items=3)
    async with Client(plant.endpoint) as library:
        index = await library.get_namespace_index(NAMESPACE)
        nodes = [library.get_node(f"ns={index};s={each}") for each in names]
        subscription = await library.create_subscription(100, _Handler())
        with pytest.raises(BadTooManyOperations):
            await subscription.subscribe_data_change(nodes)
    seen = Seen()
    async with opened(device(plant.port), [ref(at, each) for at, each in enumerate(names)]) as driver:
        await follow(driver, seen, lambda: seen.keep_alives > 0)
    assert sorted(seen.values) == list(range(8))
