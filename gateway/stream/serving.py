"""What serves while the stream lives: its parts, their tasks, and the order in which they end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.stream.client_tree import ClientTree
from gateway.stream.command_line import CommandLine
from gateway.stream.forward import Forward
from gateway.stream.health import HealthReport
from gateway.stream.loop_parameters import LoopParameters
from gateway.stream.loop_report import LoopReport
from gateway.stream.mqtt import MqttClient
from gateway.stream.notices import Notices
from gateway.stream.report import Reporter
from gateway.stream.sparkplug.node import EdgeNode
from gateway.texts import TextImage

_LAST_REPORTS_WITHIN_S: Final = 5.0
"""At the stop: how long the broker may take to acknowledge what is left. The rest stays journalled."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The parts of one life of the stream, wired."""

    client: MqttClient
    reporter: Reporter
    notices: Notices
    forward: Forward
    line: CommandLine
    loops: LoopReport
    health: HealthReport
    parameters: LoopParameters
    clients: list[ClientTree]
    nodes: list[EdgeNode]
    texts: TextImage

    async def run(self, ending: asyncio.Event, for_good: Callable[[], bool]) -> None:
        """Serve until `ending` is set, then journal what is left; `for_good`: nobody goes on after it."""
        async with asyncio.TaskGroup() as tasks:
            draining, serving = self._begin_draining(tasks), self._begin_serving(tasks)
            await ending.wait()
            await self.line.finish()
            await _end(draining)
            await self._journal_rest(for_good)
            await self._send_rest(for_good)
            for task in reversed(serving):
                await _end([task])

    def _begin_draining(self, tasks: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Begin what takes from the engine; it ends before what sends."""
        return [
            tasks.create_task(self.reporter.run(), name="report"),
            tasks.create_task(self.notices.run(), name="notices"),
            tasks.create_task(self._tick_texts(), name="texts"),
            tasks.create_task(self.loops.run(), name="loop report"),
        ]

    def _begin_serving(self, tasks: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Begin what speaks to the broker."""
        return [
            tasks.create_task(self.client.run(), name="mqtt"),
            tasks.create_task(self.forward.run(), name="forward"),
            tasks.create_task(self.line.run(), name="commands"),
            tasks.create_task(self.health.run(), name="health"),
            tasks.create_task(self.parameters.run(), name="loop parameters"),
            *(tasks.create_task(tree.run(), name=f"client {tree.name}") for tree in self.clients),
            *(tasks.create_task(node.run(), name="sparkplug") for node in self.nodes),
        ]

    async def _journal_rest(self, for_good: Callable[[], bool]) -> None:
        await self.notices.drain()
        await self.loops.report()
        if for_good():
            await self.notices.stopped()
        await self.reporter.finish()

    async def _send_rest(self, for_good: Callable[[], bool]) -> None:
        if for_good():
            settling = [self.forward.settle, *(tree.settle for tree in self.clients)]
            await asyncio.gather(*(settle(_LAST_REPORTS_WITHIN_S) for settle in settling))

    async def _tick_texts(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self.texts.tick()


async def _end(ending: list[asyncio.Task[None]]) -> None:
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
