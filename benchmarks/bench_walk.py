"""The whole walk: samples a second from devices to the store, and what each process spent on it.

Ten servers of Debian's libmodbus with 500 floats each, polled ten times a second by `cellgate run`; every
tag is reported twice a second (its heartbeat: the values do not change), journalled, sent through the
embedded broker and stored by `cellgate historian`. It holds when the store has every journalled point.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.completeness import Verdict, reconcile
from gateway.demo.plant import Plant
from gateway.demo.processes import free_port
from gateway.subscriber import Subscriber
from tests.servers.libmodbus import server

_DEVICES, _TAGS = 10, 500
_MEASURED_S = 15.0


def run() -> Iterator[dict[str, Any]]:
    """Yield the figures of one run."""
    with tempfile.TemporaryDirectory(prefix="cellgate-bench-") as folder:
        yield asyncio.run(_run(Path(folder)))


def _site(folder: Path, ports: list[int]) -> Path:
    devices = "".join(
        f"  d{n}: {{ driver: modbus, host: 127.0.0.1, port: {port}, period: 100 ms }}\n"
        for n, port in enumerate(ports)
    )
    units = "".join(f"  u{n}: {{ area: a, cell: c, tag_lists: [tags-{n}.csv] }}\n" for n in range(len(ports)))
    for n in range(len(ports)):
        rows = [f"t{i}.pv,d{n},holding,{2 * i},float32,0.5 s" for i in range(_TAGS)]
        header = "name,device,address.table,address.address,address.type,report.heartbeat"
        (folder / f"tags-{n}.csv").write_text("\n".join([header, *rows]) + "\n", encoding="ascii")
    site = folder / "bench.yaml"
    site.write_text(
        "site: { name: bench }\ngateway: { name: gw1, scan_period: 50 ms }\n"
        f"devices:\n{devices}units:\n{units}"
        'streams: { broker: { port: "${CELLGATE_PORT_BROKER}" } }\n',
        encoding="ascii",
    )
    return site


async def _run(folder: Path) -> dict[str, Any]:
    ports = [free_port() for _ in range(_DEVICES)]
    servers = [server(port) for port in ports]
    for process in servers:
        process.start()
    plant = Plant(_site(folder, ports), folder / "data", devices=())
    try:
        return await _measure(plant)
    finally:
        await plant.gateway.stop()
        await plant.historian.stop()
        await plant.broker.stop()
        for process in servers:
            process.kill()


async def _measure(plant: Plant) -> dict[str, Any]:
    await plant.broker.start()
    await plant.historian.start()
    await plant.gateway.start()
    view = Subscriber(plant.site, "bench")
    async with view.following(connect_within_s=20.0):
        async with asyncio.timeout(180.0):
            while len(view.values) < _DEVICES * _TAGS or not view.gateway:
                await asyncio.sleep(0.2)
        began, cpu_began = view.gateway, plant.cpu_s()
        await asyncio.sleep(_MEASURED_S)
        ended, cpu_ended = view.gateway, plant.cpu_s()
        await plant.gateway.stop()
        heads = plant.last_sequences()
        async with asyncio.timeout(30.0):
            while any(view.watermarks.get(p, 0) < s for p, s in heads.items()):
                await asyncio.sleep(0.2)
    await plant.historian.stop()
    historian = plant.site.streams.historians[0]
    verdict: Verdict = await asyncio.to_thread(
        reconcile, plant.data / "tap", plant.site, historian, plant.data
    )
    return _figures(began, ended, cpu_began, cpu_ended, verdict)


def _figures(
    began: dict[str, Any],
    ended: dict[str, Any],
    cpu_began: dict[str, float],
    cpu_ended: dict[str, float],
    verdict: Verdict,
) -> dict[str, Any]:
    elapsed_s = (ended["time_ns"] - began["time_ns"]) / 1e9
    samples = ended["acquisition"]["samples"] - began["acquisition"]["samples"]
    points = ended["journal"]["points"] - began["journal"]["points"]
    cpu_s = {name: cpu_ended[name] - cpu_began[name] for name in ("gateway", "broker", "historian")}
    return {
        "bench": "walk: device to store",
        "figure": round(samples / elapsed_s),
        "unit": "samples/s",
        "limit": 0.95 * _DEVICES * _TAGS * 10,
        "holds": samples / elapsed_s > 0.95 * _DEVICES * _TAGS * 10 and verdict.whole,
        "stored_points_per_s": round(points / elapsed_s),
        "cpu_s_per_s": {name: round(spent / elapsed_s, 3) for name, spent in cpu_s.items()},
        "gateway_samples_per_cpu_s": round(samples / cpu_s["gateway"]),
        "journalled": verdict.journalled,
        "missing": verdict.missing,
        "altered": verdict.altered,
        "doubled": verdict.doubled,
        "overruns": ended["engine"]["overruns"],
    }
