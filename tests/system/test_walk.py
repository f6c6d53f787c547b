"""A value's whole way: simulator, driver, engine, journal, broker, historian, and out of three stores.

The files of the walk, in the order in which a value meets them:
`drivers/opcua/driver.py`, `drivers/modbus/driver.py` → `gateway/acquire.py` → `control/scan.py` →
`gateway/stream/report.py` → `gateway/stream/journal.py` → `gateway/stream/forward.py` →
`gateway/historian/bridge.py` → the store.
"""

from __future__ import annotations

import asyncio
import calendar
import datetime
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asyncua.client.client import Client
from asyncua.common.subscription import DataChangeNotif

from control.signal import GOOD
from gateway.completeness import reconcile
from gateway.demo.plant import Plant
from gateway.historian.query import open_history
from gateway.metrics.families import gateway_families, historian_families
from gateway.subscriber import Subscriber
from tests.servers.databases import Influxd, Victoria
from tests.system.conftest import Running, until

_TAG, _NODE = "br1/do.pv", "DO.PV"
_WATCHED_S = 12.0


class Witness:
    """A subscriber of the equipment that is not ours: asyncua's own client, decoding by itself."""

    def __init__(self) -> None:
        self.seen: dict[int, float] = {}
        """Value by source time in microseconds, which is what asyncua keeps of it."""

    def datachange_notification(self, node: Any, value: float, data: DataChangeNotif) -> None:
        stamp: datetime.datetime = data.monitored_item.Value.SourceTimestamp
        self.seen[calendar.timegm(stamp.utctimetuple()) * 1_000_000 + stamp.microsecond] = value


@pytest.fixture
async def victoria(tmp_path: Path) -> AsyncIterator[Victoria]:
    server = Victoria(tmp_path / "victoria")
    await server.start()
    try:
        yield server
    finally:
        await server.kill()


@pytest.fixture
async def walk(tmp_path: Path, victoria: Victoria) -> AsyncIterator[Running]:
    """The site of `walk.yaml`, with its three stores, each a process of its own."""
    influxd = Influxd(tmp_path / "influxd")
    environment = {"CELLGATE_INFLUXD": influxd.url, "CELLGATE_VICTORIA": victoria.url}
    site = Path(__file__).with_name("walk.yaml")
    plant = Plant(site, tmp_path / "data", environment=environment)
    try:
        await influxd.start()
        await plant.start()
        view = Subscriber(plant.site, "test")
        async with view.following(connect_within_s=20.0):
            await until(lambda: _TAG in view.values and bool(view.gateway), 120.0, "first values")
            yield Running(plant, view)
    finally:
        await plant.stop()
        await influxd.kill()


def _has_figures(view: Subscriber) -> None:
    """What running services say of themselves becomes figures, each with a value."""
    figures = [*gateway_families(view.gateway)]
    for document in view.historians.values():
        figures += historian_families(document)
    values = {sample.name: sample.value for family in figures for sample in family.samples}
    assert values["cellgate_scans_total"] > 100
    assert values["cellgate_historian_points_stored_total"] > 100


async def test_values_arrive_as_they_left_in_every_store(walk: Running, victoria: Victoria) -> None:
    plant, witness = walk.plant, Witness()
    async with Client(f"opc.tcp://127.0.0.1:{plant.ports['BR1']}/") as client:
        index = await client.get_namespace_index("urn:cellgate:simulator:bioreactor")
        subscription = await client.create_subscription(100, witness)
        await subscription.subscribe_data_change(client.get_node(f"ns={index};s={_NODE}"), queuesize=100)
        await asyncio.sleep(_WATCHED_S)
        await subscription.delete()
    _has_figures(walk.view)
    await plant.gateway.stop()
    await until(walk.has_all, 30.0, "every historian has everything")
    for historian in plant.historians.values():
        assert await historian.stop() == 0
    await asyncio.to_thread(victoria.flush)

    await asyncio.to_thread(_is_what_the_witness_saw, plant, witness)
    for config in plant.site.streams.historians:
        verdict = await asyncio.to_thread(reconcile, plant.data / "tap", plant.site, config, plant.data)
        assert verdict.journalled > 2000, config.name
        assert verdict.whole, f"{config.name}: {verdict}"
        assert verdict.stored == verdict.journalled, config.name


def _is_what_the_witness_saw(plant: Plant, witness: Witness) -> None:
    """What the equipment sent, to the bit and with its time, is what the embedded store holds."""
    history = open_history(plant.site.streams.historians[0], plant.data)
    try:
        points = history.raw([_TAG], 0, 2**62)
    finally:
        history.close()
    good = points.take(points.quality == GOOD)
    stored = dict(zip((good.source_ns // 1000).tolist(), good.value.tolist(), strict=True))
    both = stored.keys() & witness.seen.keys()
    assert len(both) > 20, (len(stored), len(witness.seen))
    assert [stored[t].hex() for t in sorted(both)] == [witness.seen[t].hex() for t in sorted(both)]
