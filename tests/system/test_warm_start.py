"""A gateway that was killed goes on where it was: real processes, real equipment, no bump."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import pytest

from gateway.commands.message import Kind, make
from gateway.continuity.start import FILE
from gateway.demo.processes import Child
from tests.system.conftest import Running, until

LOOP = "br1/temp"


async def _send(running: Running, kind: Kind, target: str, value: Any, user: str = "operator") -> None:
    key = running.plant.keys[user]
    reply = await running.view.command(make(user, key, kind, target, value=value, reason="test"))
    assert reply.accepted, reply.reason


def _starts(running: Running) -> list[dict[str, Any]]:
    return [e for e in running.view.events if e["type"] == "gateway" and e["state"] == "started"]


async def _until_started_again(running: Running, starts: int) -> dict[str, Any]:
    await until(lambda: len(_starts(running)) > starts, 60.0, "the gateway tells how it started")
    return _starts(running)[-1]


@pytest.mark.timeout(300)
async def test_a_killed_gateway_goes_on_without_a_bump_and_cold_where_it_must(running: Running) -> None:
    plant, view = running.plant, running.view
    snapshot = plant.data / FILE
    assert _starts(running)[-1]["start"] == "cold"
    await until(lambda: running.quality(f"{LOOP}.op") == 0, 20.0, "the loop writes")
    await _send(running, "mode", "br2/temp", "manual")
    await _send(running, "set_point", LOOP, 36.25)
    done_ns = time.time_ns()
    await until(lambda: snapshot.exists() and snapshot.stat().st_mtime_ns > done_ns, 20.0, "a snapshot of it")

    await plant.gateway.kill()
    before = running.value(f"{LOOP}.op")
    view.values.clear()
    outputs: list[float] = []
    await plant.gateway.start()
    started = await _until_started_again(running, 1)
    assert started["start"] == "warm", started
    await until(lambda: f"{LOOP}.op" in view.values, 20.0, "the loop shows its output")
    for _ in range(20):
        outputs.append(running.value(f"{LOOP}.op"))
        await asyncio.sleep(0.1)
    assert running.value(f"{LOOP}.sp") == 36.25
    assert running.value("br2/temp.mode") == 0.0
    span = plant.site.tags[f"{LOOP}.op"]
    assert max(abs(output - before) for output in outputs) < 10.0, (before, outputs, span.unit)
    await until(lambda: running.quality(f"{LOOP}.op") == 0, 20.0, "it was armed, and writes again")

    await plant.gateway.kill()
    snapshot.write_bytes(snapshot.read_bytes()[:-20])
    await plant.gateway.start()
    started = await _until_started_again(running, 2)
    assert (started["start"], "damaged" in started["detail"]) == ("cold", True)
    assert snapshot.with_name(FILE + ".damaged").exists()

    await plant.gateway.stop()
    arguments = ("-m", "gateway.cli.main", "run", str(plant.site_file), "--tap", "--cold")
    log = plant.data / "logs" / "gateway.log"
    plant.gateway = Child("gateway", [sys.executable, *arguments], plant.environment, log)
    await plant.gateway.start()
    started = await _until_started_again(running, 3)
    assert (started["start"], started["detail"]) == ("cold", "asked for")
