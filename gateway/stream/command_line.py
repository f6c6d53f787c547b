"""From the broker to the command door and back: one command after the other, each with a reply.

A command is acknowledged to the broker when it has been dealt with; one that takes its time, when its id is
on record, so that it keeps nobody waiting and acknowledgements keep their order. While more than
`_WAITING` wait, further ones stay unacknowledged (counted in `deferred`): the broker delivers them again
after the next connection, and the door refuses those that have expired by then.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from config.site import Site
from gateway.commands.door import CommandDoor, Replied
from gateway.stream import topics
from gateway.stream.mqtt import Inbound, MqttClient
from gateway.stream.mqtt_options import BrokerUnavailable

_log = logging.getLogger(__name__)
_WAITING: Final = 200


class CommandLine:
    """Carries commands from one client to one door."""

    def __init__(self, site: Site, client: MqttClient, door: CommandDoor) -> None:
        """Subscribe to the commands of every unit of the gateway, and of the gateway itself."""
        self._client, self._door = client, door
        self._waiting: asyncio.Queue[Inbound] = asyncio.Queue(_WAITING)
        self._turn = asyncio.Lock()
        self._answers: set[asyncio.Task[None]] = set()
        self.deferred = 0
        where = {"site": site.site.name, "gateway": site.gateway.name}
        for topic in (topics.Command, topics.GatewayCommand):
            client.subscribe(topic.pattern(**where), self._take, acknowledge=False)

    async def run(self) -> None:
        """Handle commands until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                message = await self._waiting.get()
                async with self._turn:
                    await self._handle(message, tasks)
                    message.acknowledge()

    async def finish(self) -> None:
        """End with the commands that are being handled; those behind them stay with the broker."""
        await self._turn.acquire()
        await self._door.settle()
        await asyncio.gather(*self._answers, return_exceptions=True)

    def _take(self, message: Inbound) -> None:
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self.deferred += 1

    async def _handle(self, message: Inbound, tasks: asyncio.TaskGroup) -> None:
        topic = topics.parse(message.topic)
        assert isinstance(topic, topics.Command | topics.GatewayCommand)
        answers_to: topics.Topic
        if isinstance(topic, topics.Command):
            unit = topic.unit
            answers_to = topics.Reply(topic.site, topic.area, topic.cell, topic.unit, topic.gateway)
        else:
            unit = topic.gateway
            answers_to = topics.GatewayReply(topic.site, topic.gateway)
        replied = await self._door.take(message.payload, unit=unit, retained=message.retain)
        if replied is None:
            return
        if replied.done():
            await self._answer(message, answers_to, replied)
            return
        answering = tasks.create_task(self._answer(message, answers_to, replied), name="command reply")
        self._answers.add(answering)
        answering.add_done_callback(self._answers.discard)

    async def _answer(self, message: Inbound, answers_to: topics.Topic, replied: Replied) -> None:
        reply = await asyncio.shield(replied)
        with contextlib.suppress(BrokerUnavailable):  # the sender asks again with the same id
            await self._client.send(
                message.response_topic or str(answers_to), reply.encode(), correlation=message.correlation
            )
