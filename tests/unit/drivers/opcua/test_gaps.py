"""Messages that get lost: asked for again, or said to be lost; old ones never counted twice."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable

import pytest

from control.signal import OVERFLOW, Columns
from drivers.api import Disconnected
from drivers.opcua.publishing import OUTSTANDING
from drivers.opcua.subscription import SEQUENCE_NUMBERS, Subscription, following, wanted_keep_alive_count
from tests.servers.opcua import OpcUaServer
from tests.unit.drivers.opcua.plant import Seen, device, follow, opened, ref


def test_sequence_numbers_wrap_to_one() -> None:
    assert following(1) == 2
    assert following(SEQUENCE_NUMBERS) == 1
    assert SEQUENCE_NUMBERS == 4294967295


@pytest.mark.parametrize(
    ("expected", "sequence", "missing"),
    [
        (None, 7, 0),
        (5, 5, 0),
        (5, 8, 3),
        (5, 4, -1),
        (5, 1, -1),
        (SEQUENCE_NUMBERS, 1, 1),
        (1, SEQUENCE_NUMBERS, -1),
    ],
)
def test_missing_messages_are_counted(expected: int | None, sequence: int, missing: int) -> None:
    assert Subscription(1, 0.1, 1.0, 0.0, expected).missing_before(sequence) == missing


def test_a_keep_alive_uses_no_number_up() -> None:
    """Trap T2: its number is the next message's, so the next message is not an old one."""
    subscription = Subscription(1, 0.1, 1.0, 0.0, expected=4)
    subscription.advance(4, is_keep_alive=True)
    assert subscription.missing_before(4) == 0
    subscription.advance(4, is_keep_alive=False)
    assert subscription.missing_before(4) == -1


def test_a_quiet_device_is_heard_twice_before_it_counts_as_dead() -> None:
    """Trap T3: the library's own default would be a keep-alive each 45 minutes."""
    for interval_s, count, dead_after_s, wanted in (
        (0.25, 10, 5.0, 10),
        (0.5, 100, 5.0, 5),
        (9.0, 3, 5.0, 1),
    ):
        numbers = {"publishing_interval": interval_s, "keep_alive_count": count, "dead_after": dead_after_s}
        assert wanted_keep_alive_count(device(1, **numbers)) == wanted


def _losing(
    plant: OpcUaServer, node: str, seen: Seen, *, quiet: bool, **behaviour: object
) -> Callable[[], bool]:
    """Change a value twice, the first change lost; done when the second, or a keep-alive, has come."""
    steps = itertools.chain([1, 2], itertools.repeat(3))

    def done() -> bool:
        if not seen.keep_alives:
            return False
        seen.keep_alives = 0
        step = next(steps)
        if step == 1:
            plant.do("behave", lose=1, **behaviour)
            plant.do("set", name=node, value=10.0)
        elif step == 2 and not quiet:
            plant.do("set", name=node, value=20.0)
        return step == 3 and seen.last(0) == (10.0 if quiet else 20.0)

    return done


@pytest.mark.parametrize("quiet", [False, True], ids=["found by the next change", "found by a keep-alive"])
async def test_a_lost_message_is_asked_for_again(plant: OpcUaServer, name: str, quiet: bool) -> None:
    plant.do("add", names=[name + "a"])
    seen = Seen()
    async with opened(device(plant.port, keep_alive_count=2), [ref(0, name + "a")]) as driver:
        await follow(driver, seen, _losing(plant, name + "a", seen, quiet=quiet))
        assert driver.facts["messages_lost"] == 0
    assert [value for value in seen.values[0] if value] == ([10.0] if quiet else [10.0, 20.0])
    assert not any(quality & OVERFLOW for quality in seen.qualities[0])


@pytest.mark.parametrize("quiet", [False, True], ids=["found by the next change", "found by a keep-alive"])
async def test_what_is_lost_for_good_is_said_and_the_present_value_read(
    plant: OpcUaServer, name: str, quiet: bool
) -> None:
    plant.do("add", names=[name + "a", name + "b"])
    seen = Seen()
    async with opened(
        device(plant.port, keep_alive_count=2), [ref(0, name + "a"), ref(1, name + "b")]
    ) as driver:
        await follow(driver, seen, _losing(plant, name + "a", seen, quiet=quiet, forget=True))
        assert driver.facts["messages_lost"] == 1
    for tag in (0, 1):
        marked = [quality & OVERFLOW for quality in seen.qualities[tag]]
        assert sum(map(bool, marked)) == 1, "one sample says it, the first after the gap"
        assert marked[0] == 0
    assert seen.last(0) == (10.0 if quiet else 20.0)


async def test_fewer_publish_requests_where_the_server_takes_no_more(plant: OpcUaServer, name: str) -> None:
    plant.do("add", names=[name + "a"])
    plant.do("behave", publish_requests=2)
    seen = Seen()
    async with opened(device(plant.port, keep_alive_count=2), [ref(0, name + "a")]) as driver:
        await follow(driver, seen, lambda: seen.keep_alives > 3)
        assert driver._live is not None
        follower = driver._live._follower
        assert follower._publisher._asking <= 2 < OUTSTANDING


async def _to_the_end(stream: AsyncIterator[Columns]) -> None:
    async for _ in stream:
        pass


async def test_a_subscription_that_falls_silent_is_given_up(plant: OpcUaServer, name: str) -> None:
    plant.do("add", names=[name + "a"])
    loop = asyncio.get_running_loop()
    async with opened(device(plant.port, keep_alive_count=3), [ref(0, name + "a")]) as driver:
        stream = driver.subscribe()
        seen = Seen()
        while not seen.keep_alives:
            seen(await anext(stream))
        plant.freeze()
        try:
            began = loop.time()
            with pytest.raises(Disconnected, match="no publish response"):
                await _to_the_end(stream)
        finally:
            plant.thaw()
        assert 0.25 < loop.time() - began < 0.9  # two keep-alives of 0.15 s, and what a busy machine takes


async def test_a_server_whose_keep_alives_are_too_slow_is_asked_whether_it_lives(
    plant: OpcUaServer, name: str
) -> None:
    plant.do("add", names=[name + "a"])
    settings = device(plant.port, publishing_interval=3.0, keep_alive_count=5, dead_after=0.4)
    seen = Seen()
    async with opened(settings, [ref(0, name + "a")]) as driver:
        await follow(driver, seen, lambda: seen.keep_alives > 5, limit_s=3.0)
    assert seen.last(0) == 0.0
