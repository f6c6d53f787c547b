"""Each client hears what was made for its campaigns, all of it once, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from config.site import Site
from gateway.batch.context import Context
from gateway.stream.client_tree import ClientTree, client_trees
from gateway.stream.events import CommandEvent, SetPointEvent
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import Options
from gateway.stream.topics import client_mount
from tests.servers.mosquitto import Mosquitto
from tests.servers.recorder import Recorder
from tests.system.stream.gateways import Gateway, gateway, quick_site
from tests.system.stream.test_mqtt import Ear, running
from tests.unit.stream.journals import until

CLIENTS: dict[str, Any] = {
    "c1": {"campaigns": ["K1"], "historian": {"name": "h1"}},
    "c2": {"campaigns": ["K2", "K3"], "historian": {"name": "h2"}},
    "c3": {"campaigns": ["K4"]},
}


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    """A broker."""
    made = Mosquitto(tmp_path / "broker")
    await made.start()
    yield made
    await made.kill()


def site(port: int) -> Site:
    return quick_site(port, clients=CLIENTS)


@asynccontextmanager
async def trees(folder: Path, made: Gateway) -> AsyncIterator[dict[str, ClientTree]]:
    """Run the clients' trees of a gateway; leaving is as rude as a kill, but for the journals."""
    async with client_trees(
        made.site, folder, made.journal, made.contexts, made.reporter.take_notice
    ) as opened:
        tasks = [asyncio.create_task(tree.run()) for tree in opened]
        try:
            yield {tree.name: tree for tree in opened}
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [r for r in results if not isinstance(r, asyncio.CancelledError)] == []


def enter(made: Gateway, unit: str, campaign: str) -> int:
    """Let a unit enter a campaign now."""
    now_ns = time.time_ns()
    made.contexts.enter(unit, now_ns, Context(campaign=campaign))
    return now_ns


async def copied(made: Gateway) -> None:
    """Wait until the owner's journal says that every client's tree has everything."""
    await made.journalled()
    positions = made.journal.watermarks.positions
    await until(
        lambda: all(
            positions[f"client/{name}", partition] == head
            for name in CLIENTS
            for partition, head in made.journal.heads.items()
        ),
        20.0,
    )


async def taken(tree: ClientTree, recorder: Recorder) -> None:
    """Wait until a client's historian has everything."""
    await until(lambda: recorder.has(tree._own.epoch, tree._own.heads), 20.0)


def journalled(made: Gateway, points: int) -> bool:
    return made.reporter.points == points


def values(recorder: Recorder) -> list[float]:
    return [v for message in recorder.messages() for v in message.points.value.tolist()]


async def test_each_client_hears_its_campaigns_by_source_time(tmp_path: Path, broker: Mosquitto) -> None:
    first, second = (Recorder(broker.port, f"h{n}", mount=client_mount(f"c{n}")) for n in (1, 2))
    everything = MqttClient(Options(site(broker.port).streams.broker, "owner"))
    ear = Ear()
    everything.subscribe("client/#", ear)
    async with (
        first.running(),
        second.running(),
        running(everything),
        gateway(tmp_path, site(broker.port)) as made,
        trees(tmp_path, made) as opened,
    ):
        made.report(10)  # 0-9: before any campaign
        await made.journalled()
        before_ns = enter(made, "u0", "K1")
        made.report(10)  # 10-19
        common = {"gateway": "gw1", "unit": "u0", "config": "x", "time_ns": time.time_ns()}
        await made.reporter.event(SetPointEvent(**common, name="u0/t", before=1.0, after=2.0))
        await made.reporter.event(
            CommandEvent(**common, command="c-1", user="ann", kind="set_point", target="u0/t", accepted=True)
        )
        await made.journalled()
        enter(made, "u0", "K2")
        enter(made, "u1", "K3")
        made.report(10)  # 20-29
        made.report(10, unit=1)  # 30-39
        made.report(10, source_ns=before_ns + 1)  # 40-49: late, measured in K1
        await copied(made)
        await taken(opened["c1"], first)
        await taken(opened["c2"], second)
    assert values(first) == [*range(10, 20), *range(40, 50)]
    assert sorted(values(second)) == list(range(20, 40))
    assert [event.type for event in first.events] == ["set_point"]
    assert second.events == []
    for recorder in (first, second):
        keys = sorted(recorder.stored)
        assert [key[2] for key in keys] == [
            n + 1 for _, group in _by_partition(keys).items() for n in range(len(group))
        ]
    retained = [m for m in ear.heard if m.retain and "/state" not in m.topic and "/watermark/" not in m.topic]
    assert retained == []
    assert not any(m.topic.startswith("client/c3/") and "/pv/" in m.topic for m in ear.heard)


def _by_partition(keys: list[tuple[int, int, int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for _, partition, sequence in keys:
        found.setdefault(partition, []).append(sequence)
    return found


async def test_a_kill_neither_loses_nor_doubles(tmp_path: Path, broker: Mosquitto) -> None:
    recorder = Recorder(broker.port, "h1", mount=client_mount("c1"))
    made_values = 0
    async with recorder.running():
        for life in range(3):
            async with gateway(tmp_path, site(broker.port)) as made, trees(tmp_path, made) as opened:
                if life == 0:
                    enter(made, "u0", "K1")
                made.reported = made_values
                for _ in range(20):
                    made.report(5)
                    await asyncio.sleep(0.005)
                await until(partial(journalled, made, 100))
                await made.journal.flush()
                made_values = made.reported
                if life == 2:
                    await copied_last(made, opened["c1"])
                    await taken(opened["c1"], recorder)
    found = values(recorder)
    assert found == list(range(300))


async def copied_last(made: Gateway, tree: ClientTree) -> None:
    await until(
        lambda: all(tree._positions.get(p, 0) == head for p, head in made.journal.heads.items()), 20.0
    )


async def test_the_owners_journal_waits_for_the_copies(tmp_path: Path, broker: Mosquitto) -> None:
    owner = Recorder(broker.port)
    async with owner.running(), gateway(tmp_path, site(broker.port)) as made:
        enter(made, "u0", "K1")
        made.report(10)
        await made.journalled()
        await until(lambda: owner.has(made.journal.epoch, made.journal.heads), 20.0)
        await asyncio.sleep(0.3)
        assert all(made.journal.watermarks.safe(p) == 0 for p in made.journal.heads)
        async with trees(tmp_path, made):
            await made.confirmed(owner)


async def test_the_clients_state_says_that_the_gateway_is_there(tmp_path: Path, broker: Mosquitto) -> None:
    listener = MqttClient(Options(site(broker.port).streams.broker, "client"))
    ear = Ear()
    listener.subscribe("client/c3/#", ear)
    async with running(listener), gateway(tmp_path, site(broker.port)) as made, trees(tmp_path, made):
        await until(lambda: ear.heard != [], 10.0)
    assert ear.heard[0].topic == "client/c3/cellgate/v1/works/_gateway/gw1/state"
    assert orjson.loads(ear.heard[0].payload)["online"] is True
