"""Back to the first broker: while a client is at another one, it looks whether the first has returned.

All services of a site try the brokers of its list in the same order after each end of a connection,
and go back to the first when it answers again. So gateway and historian meet at one broker without
having to agree on anything; what was under way at the other is sent again from the watermark.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from dataclasses import replace

from gateway.stream.mqtt_link import Link
from gateway.stream.mqtt_options import BrokerUnavailable, Options


@contextlib.asynccontextmanager
async def looking_back(link: Link, options: Options, *, away: bool, dialer: Executor) -> AsyncIterator[None]:
    """While inside and `away`: end the link when the first broker of the list answers."""
    if not away:
        yield
        return
    looking = asyncio.create_task(_look_back(link, options, dialer), name="first broker")
    try:
        yield
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking


async def _look_back(link: Link, options: Options, dialer: Executor) -> None:
    """Try the first broker now and then; when it answers, close the link to the other one."""
    as_probe = replace(options, client_id=f"{options.client_id}-probe", durable=False, will=None)
    while True:
        await asyncio.sleep(options.broker.return_after)
        probe = Link(as_probe, options.broker.addresses[0], lambda _message: None)
        try:
            with contextlib.suppress(BrokerUnavailable):
                await probe.open(dialer)
                break
        finally:
            await probe.close()
    await link.close()
