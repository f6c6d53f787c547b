"""A connection before births and after data: subscribing, waiting for the primary host, the farewell."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.stream.mqtt_link import Link
from gateway.stream.mqtt_options import BrokerUnavailable
from gateway.stream.sparkplug.births import death
from gateway.stream.sparkplug.rules import PrimaryHost

_FAREWELL_S: Final = 1.0


class HostAway(Exception):
    """The primary host is not at this server."""


async def subscribe(link: Link, topics: Sequence[str]) -> None:
    """Subscribe to commands and the primary host, before anything is born.

    Raises:
        BrokerUnavailable: the broker refuses, or the connection has ended.
    """
    granted = await link.subscribe(topics)
    refused = [topic for topic, right in zip(topics, granted, strict=True) if not right]
    if refused:
        raise BrokerUnavailable(f"the broker refuses the subscription to {refused[0]}")


@contextlib.contextmanager
def waking_at_the_end_of(link: Link, wake: asyncio.Event) -> Iterator[None]:
    """While inside: set an event when the connection ends."""
    ended = asyncio.ensure_future(link.ended())
    ended.add_done_callback(lambda _: wake.set())
    try:
        yield
    finally:
        ended.cancel()


async def wait_for_host(link: Link, host: PrimaryHost, wake: asyncio.Event, patience_s: float | None) -> None:
    """Wait until the primary host is online.

    Args:
        link: the connection.
        host: what was said of the host on it.
        wake: set when something was said, and when the connection ends.
        patience_s: where there are other servers: how long this one may say nothing of the host; else None.

    Raises:
        HostAway: it is not here, and there are other servers.
        BrokerUnavailable: the connection has ended.
    """
    deadline = None if patience_s is None else time.monotonic() + patience_s
    while not host.online:
        wake.clear()
        if not link.alive:
            raise BrokerUnavailable("ended while waiting for the primary host")
        if deadline is not None and (host.said_offline or time.monotonic() >= deadline):
            raise HostAway("not at this server")
        left_s = None if deadline is None else max(0.01, deadline - time.monotonic())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left_s):
                await wake.wait()


async def say_death(link: Link, topic: str, bd_seq: int) -> None:
    """Publish the death before a farewell, and give the server a moment to take it."""
    payload = death(bd_seq, time.time_ns() // 1_000_000)
    with contextlib.suppress(BrokerUnavailable, TimeoutError):
        async with asyncio.timeout(_FAREWELL_S):
            await (await link.publish(topic, payload, retain=False, correlation=None))
