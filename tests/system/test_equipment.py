"""Equipment that dies, hangs or restarts; and equipment left alone by a gateway that died."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from asyncua.client.client import Client

from control.signal import BAD, COMM, GOOD
from gateway.demo.plant import DEMO_SITE, Plant
from gateway.stream.journal_reader import JournalReader
from gateway.stream.records import Kind, unpack
from simulators.faults import ControlChannel
from tests.system.conftest import Running, until


def _fault(running: Running, command: str, **fields: object) -> None:
    with ControlChannel(running.plant.ports["CONTROL"]) as control:
        control.ask(command, **fields)


def _states(running: Running, device: str) -> list[str]:
    events = running.view.events
    return [e["state"] for e in events if e["type"] == "device" and e["device"] == device]


async def _in_safe_state(running: Running, device: str) -> bool:
    client = Client(f"opc.tcp://127.0.0.1:{running.plant.ports[device.upper()]}/", timeout=5.0)
    async with client:
        index = await client.get_namespace_index("urn:cellgate:simulator:bioreactor")
        return bool(await client.get_node(f"ns={index};s=SafeState").read_value())


async def _until_safe(running: Running, device: str, *, safe: bool, within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while await _in_safe_state(running, device) != safe:
            await asyncio.sleep(0.2)


async def test_a_half_open_device_turns_bad_alone_and_comes_back(running: Running) -> None:
    other = running.view.values["br2/do.pv"].source_ns
    _fault(running, "link", device="br1", kind="half_open", seconds=8.0)
    dead_after = running.plant.site.devices["br1"].dead_after
    await until(lambda: running.quality("br1/temp.pv") >= BAD, dead_after + 4.0, "br1 is marked bad")
    assert running.quality("br1/temp.pv") & COMM
    assert running.view.values["br1/temp.pv"].value is None
    assert running.quality("br2/temp.pv") == GOOD
    await until(lambda: running.view.values["br2/do.pv"].source_ns > other, 5.0, "br2 goes on")
    await until(lambda: running.quality("br1/temp.pv") == GOOD, 40.0, "br1 is good again by itself")
    # Events travel apart from values, in no order among them.
    await until(lambda: len(_states(running, "br1")) > 1, 10.0, "told that br1 is back")
    assert _states(running, "br1") == ["lost", "restored"]


async def test_a_restarted_device_is_taken_up_again_and_gets_its_outputs(running: Running) -> None:
    await until(lambda: "br1/temp.op" in running.view.values, 10.0, "the loop writes")
    connects = running.view.event_counts.get("device", 0)
    _fault(running, "restart", device="br1", seconds=5.0)
    await until(lambda: running.view.event_counts.get("device", 0) >= connects + 2, 40.0, "lost and restored")
    await until(lambda: running.quality("br1/temp.pv") == GOOD, 20.0, "values are good again")
    await _until_safe(running, "br1", safe=False, within_s=10.0)


async def test_a_killed_and_a_frozen_gateway_leave_the_equipment_safe(running: Running) -> None:
    """kill -9, and SIGSTOP: the engine's counter stops, the equipment's own watchdog acts."""
    gateway = running.plant.gateway
    await _until_safe(running, "br1", safe=False, within_s=10.0)
    gateway.send_signal(signal.SIGSTOP)
    await _until_safe(running, "br1", safe=True, within_s=15.0)
    gateway.send_signal(signal.SIGCONT)
    await _until_safe(running, "br1", safe=False, within_s=15.0)
    await gateway.kill()
    await _until_safe(running, "br2", safe=True, within_s=15.0)


async def test_a_black_holed_broker_does_not_move_the_drivers_cycle(tmp_path: Path) -> None:
    """Somebody takes the connection and says nothing, from the start: acquisition and loops do not care."""
    plant = Plant(DEMO_SITE, tmp_path)
    silence = await asyncio.start_server(_swallow, "127.0.0.1", plant.ports["BROKER"])
    try:
        await plant.start_simulators()
        await plant.gateway.start()
        await until(lambda: _journalled(plant) > 2000, 120.0, "the gateway journals without a broker")
        began_ns = time.time_ns()
        await asyncio.sleep(8.0)
        ended_ns = time.time_ns()
        await plant.gateway.stop()
    finally:
        silence.close()
        await plant.stop()
    times = _source_times(plant, "br1")
    times = times[(times > began_ns) & (times < ended_ns)]
    assert len(times) > 200
    assert np.diff(times).max() < 2e9, "seconds without a sample while the broker was silent"


async def _swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(4096):
        pass
    writer.close()


def _journalled(plant: Plant) -> int:
    """Return how many points are journalled; none while the gateway still lays its journal out."""
    path = plant.data / "journal.sqlite"
    if not path.exists():
        return 0
    with JournalReader(path) as reader:
        try:
            return sum(record.count for p in reader.heads() for record in reader.read(p, 0, 1_000_000))
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            return 0


def _source_times(plant: Plant, device: str) -> npt.NDArray[np.int64]:
    """Return when a device's tags were sampled: one that its deadband keeps quiet says nothing alone."""
    own = [plant.site.tag_index[name] for name in plant.site.tags_of_device(device)]
    found = []
    with JournalReader(plant.data / "journal.sqlite") as reader:
        for partition in reader.heads():
            for record in reader.read(partition, 0, 1_000_000):
                if record.kind is Kind.TELEMETRY:
                    points = unpack(record.data)
                    found.append(points.source_ns[np.isin(points.tag, own)])
    return np.sort(np.concatenate(found))
