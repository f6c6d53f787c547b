"""Traps of the library that only show beside it: plain asyncua falls in, the driver does not.

The others are where they belong: T1 and the half-open link in test_faults, T2 in test_gaps, T4 in
test_faults, T5, T6 and the undecodable value of T7 in tests/property/test_opcua_decode.
"""

from __future__ import annotations

from typing import Any

import pytest
from asyncua.client.client import Client
from asyncua.ua.uaerrors import BadTooManyOperations

from tests.servers.opcua import NAMESPACE, OpcUaServer
from tests.unit.drivers.opcua.plant import Seen, device, follow, opened, ref


class _Handler:
    def datachange_notification(self, node: Any, val: Any, data: Any) -> None:
        """Take a change."""


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
        follower = driver._follower
        assert follower is not None
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
