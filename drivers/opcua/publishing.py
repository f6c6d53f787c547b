"""Keeps several Publish requests with the server and hands its answers on, in order."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from asyncua import ua

from drivers.api import DeviceRefused, DeviceTimeout, DriverError
from drivers.opcua.connection import Connection
from drivers.opcua.errors import TOO_MANY_PUBLISH_REQUESTS

OUTSTANDING: Final = 5
"""Requests with the server at a time: a server that limits its messages' size sends several in a row."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A publish response, and when it came."""

    data: bytes
    arrival_ns: int


class Publisher:
    """Publish requests of one session.

    Answers that are not taken hold the next requests back (back-pressure): the server then
    queues, and says so when it has to drop.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        """`name` is the device's, for the names of the tasks."""
        self._connection, self._name = connection, name
        self._answers: asyncio.Queue[Answer | DriverError] = asyncio.Queue(maxsize=OUTSTANDING)
        self._acknowledgements: list[ua.SubscriptionAcknowledgement] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._asking = 0

    def start(self) -> None:
        """Send the first requests."""
        self._asking = OUTSTANDING
        self._tasks = [
            asyncio.create_task(self._ask_on(), name=f"{self._name} publish {number}")
            for number in range(OUTSTANDING)
        ]

    async def stop(self) -> None:
        """End the requests. May be repeated."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def acknowledge(self, subscription: int, sequence: int) -> None:
        """Tell the server with the next request that it may forget a message."""
        self._acknowledgements.append(
            ua.SubscriptionAcknowledgement(ua.UInt32(subscription), ua.UInt32(sequence))
        )

    async def take(self, until: float) -> list[Answer]:
        """Return what has come, waiting for something until the loop's clock says `until`.

        Raises:
            DriverError: the requests ended with it.
        """
        try:
            async with asyncio.timeout_at(until):
                taken = [await self._answers.get()]
        except TimeoutError:
            return []
        while not self._answers.empty():
            taken.append(self._answers.get_nowait())
        answers: list[Answer] = []
        for each in taken:
            if isinstance(each, DriverError):
                raise each
            answers.append(each)
        return answers

    async def _ask_on(self) -> None:
        while True:
            request = ua.PublishRequest()
            request.Parameters.SubscriptionAcknowledgements = self._acknowledgements
            self._acknowledgements = []
            try:
                data = await self._connection.send(request, limit_s=0)
            except DeviceTimeout:
                continue  # the server gave the request up, not the link
            except DriverError as error:
                if (
                    isinstance(error, DeviceRefused)
                    and error.code == TOO_MANY_PUBLISH_REQUESTS
                    and self._asking > 1
                ):
                    self._asking -= 1
                    return
                await self._answers.put(error)
                return
            await self._answers.put(Answer(data, time.time_ns()))
