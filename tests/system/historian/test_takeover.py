"""Three historians share the partitions; one is killed, the others take over: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson

from gateway.broker import Broker
from gateway.demo.processes import Child
from gateway.historian.query import folder_of
from gateway.stream import topics
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import Options
from tests.servers.databases import Influxd
from tests.servers.mosquitto import Mosquitto
from tests.servers.works import Works, until

MEMBERS = ("a", "b", "c")
PARTITIONS = 8
"""The three units are in three of them, which are at home with two members."""


def group(url: str) -> dict[str, Any]:
    store = {"type": "influxdb", "api": "v1", "url": url}
    return {
        "telemetry": {"partitions": PARTITIONS},
        "historians": [{"name": "line", "members": [*MEMBERS], "store": store}],
    }


class Watched:
    """What the members and the gateway say, as anybody hears it."""

    def __init__(self, works: Works) -> None:
        self.health: dict[str, dict[str, Any]] = {}
        self._client = MqttClient(Options(works.site.streams.broker, "watcher"))
        self._client.subscribe(topics.HistorianHealth.pattern(site="works"), self._on_health)

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        running = asyncio.create_task(self._client.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def holders(self) -> dict[int, list[str]]:
        """Return who says of each partition that it takes it."""
        holders: dict[int, list[str]] = {}
        for name, said in self.health.items():
            for partition in said.get("partitions", []):
                holders.setdefault(partition, []).append(name)
        return holders

    def shared_by(self, *members: str) -> bool:
        """Tell whether these, and only these, take every partition, each once."""
        holders = self.holders()
        takers = {name for names in holders.values() for name in names}
        once = all(len(names) == 1 for names in holders.values())
        return once and len(holders) == PARTITIONS and takers == {f"line-{member}" for member in members}

    def _on_health(self, message: Any) -> None:
        topic = topics.parse(message.topic)
        assert isinstance(topic, topics.HistorianHealth)
        self.health[topic.historian] = orjson.loads(message.payload)


async def test_the_partitions_of_a_killed_member_are_taken_over_with_their_watermark(
    broker: Broker | Mosquitto, tmp_path: Path
) -> None:
    server = Influxd(tmp_path / "influxd")
    await server.start()
    works = Works(tmp_path, broker.port, group(server.url))
    watched = Watched(works)
    members: dict[str, Child] = {member: works.historian("line", member) for member in MEMBERS}
    async with works.streaming(), watched.watching():
        await asyncio.gather(*(child.start() for child in members.values()))
        await until(lambda: watched.shared_by(*MEMBERS), 20.0, "each takes its share")
        flowing = asyncio.create_task(works.flow(3.0, 0.01))
        await until(lambda: len(works.journal.heads) == 3, 20.0, "every unit reports")
        safe = works.journal.watermarks.safe
        await until(lambda: all(safe(p) > 3 for p in works.journal.heads), 20.0, "the store has some of each")
        victim = next(names[0] for p, names in watched.holders().items() if p in works.journal.heads)
        victim = victim.removeprefix("line-")
        await members[victim].kill()
        others = tuple(member for member in MEMBERS if member != victim)
        await until(lambda: watched.shared_by(*others), 20.0, "the others take its partitions")
        await flowing
        await works.confirmed()
        # Its disk is gone with it: whatever only that had was in the gateway's journal.
        lost = folder_of(works.data, f"line-{victim}")
        lost.rename(lost.with_name("gone"))
        verdict = await asyncio.to_thread(works.verdict, "line")
        assert verdict.whole, verdict
        assert verdict.stored == verdict.journalled > 1000
        lost.with_name("gone").rename(lost)

        await members[victim].start()
        await until(lambda: watched.shared_by(*MEMBERS), 20.0, "what is its own goes back to it")
        await works.flow(0.5, 0.01)
        await works.confirmed()
        assert works.forward.feedback.counters.watermarks_refused == 0
    for child in members.values():
        assert await child.stop() == 0, child.tail(30)
    verdict = await asyncio.to_thread(works.verdict, "line")
    assert verdict.whole, verdict
    await server.kill()
