"""Forcing, taking out of service and checking loops on a whole site of real processes, over a restart."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest

from control.signal import BAD, COMM, FORCED, OUT_OF_SERVICE
from gateway.commands.message import Kind, Reply, make
from gateway.gxp.audit import read_entries, verify
from tests.system.conftest import Running, until

PUMP, PROBE, ROOM = "br2/antifoam.pump", "br1/temp.pv", "rooms/a.temp.out"


async def _ask(running: Running, kind: Kind, target: str, user: str = "engineer", **fields: Any) -> Reply:
    message = make(user, running.plant.keys[user], kind, target, reason="a test", **fields)
    return await running.view.command(message, within_s=15.0)


async def _do(running: Running, kind: Kind, target: str, **fields: Any) -> None:
    reply = await _ask(running, kind, target, **fields)
    assert reply.accepted, reply.reason


def _events(running: Running, kind: str) -> list[dict[str, Any]]:
    return [event for event in running.view.events if event["type"] == kind]


def _device(running: Running, name: str) -> dict[str, Any]:
    found: dict[str, Any] = running.view.gateway["acquisition"]["devices"][name]
    return found


async def _loopcheck(running: Running, key: Path, out: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "gateway.cli.main", "loopcheck", str(running.plant.site_file)]
    process = await asyncio.create_subprocess_exec(
        *command, "--user", "engineer", "--key", str(key), "--out", str(out), *options,
        env=dict(running.plant.environment), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(b"by hand\n\n"), 120.0)
    return process.returncode or 0, said.decode()


@pytest.mark.timeout(300)
async def test_a_site_under_the_hands_of_its_engineers(running: Running, tmp_path: Path) -> None:
    plant, view = running.plant, running.view

    # Forced: the value and its mark arrive, and the end comes by itself.
    await _do(running, "force", PROBE, value=30.0, duration="3 s")
    await until(lambda: running.quality(PROBE) & FORCED != 0, 10.0, "the mark arrives")
    assert running.value(PROBE) == 30.0
    (told,) = view.gateway["overrides"] or await _overrides(running)
    assert (told["tag"], told["kind"], told["who"], told["reason"]) == (PROBE, "force", "engineer", "a test")
    await until(lambda: running.quality(PROBE) & FORCED == 0, 20.0, "it ends by itself")
    await until(lambda: len(_events(running, "override")) == 2, 20.0, "its end is told")
    assert [(e["state"], e["cause"]) for e in _events(running, "override")] == [
        ("begun", "command"), ("ended", "expired"),
    ]  # fmt: skip

    # Out of service: bad with its reason, no alarm of its communication, and so over a restart.
    await _do(running, "disable", "ems", user="supervisor")
    await until(lambda: running.quality(ROOM) == BAD | OUT_OF_SERVICE, 10.0, "the tags are out of service")
    await _do(running, "disarm", "br2", user="operator")
    assert "disarmed" in (await _ask(running, "write", PUMP, value=1.0)).reason
    await _do(running, "arm", "br2", user="supervisor")
    await _do(running, "force", PUMP, value=12.0, duration="1 h")
    await until(lambda: running.value(PUMP) == 12.0, 10.0, "the pump is driven")
    await plant.gateway.kill()
    view.values.clear()
    view.gateway.clear()
    await plant.gateway.start()
    await until(
        lambda: bool(view.gateway) and _device(running, "br2")["writes"] == "armed", 60.0, "it is back"
    )
    assert (_device(running, "ems")["state"], _device(running, "ems")["writes"]) == (
        "disabled", "out of service",
    )  # fmt: skip
    assert view.gateway["overrides"] == []
    await until(lambda: _events(running, "override")[-1]["cause"] == "restart", 10.0, "its end is told")
    assert running.quality(ROOM) & COMM == 0
    await _do(running, "enable", "ems", user="supervisor")
    await until(lambda: running.quality(ROOM) < BAD, 20.0, "the device is back")

    # A loop check: refused in auto, carried out on what may be moved, and everything as it was.
    key = tmp_path / "engineer.key"
    key.write_text(plant.keys["engineer"], encoding="ascii")
    code, said = await _loopcheck(running, key, tmp_path, "--output", "br2/jacket.valve")
    assert code > 0
    assert "FAILED" in said or "loop br2/temp is in auto: put it in manual" in said
    for refused in tmp_path.glob("loopcheck-*"):
        assert refused.suffix == ".csv" or "loop br2/temp is in auto" in refused.read_text(encoding="utf-8")
        refused.unlink()
    before = running.value(PUMP)
    reference = f"br2/temp.pv={running.value('br2/temp.pv'):.2f}"
    code, said = await _loopcheck(
        running, key, tmp_path, "--output", PUMP, "--simulate", "br2/ph.pv", "--input", reference,
        "--steps", "0,100", "--tolerance", "5 %", "--instrument", "calibrator 7",
    )  # fmt: skip
    assert code == 0, said
    (sheet,) = tmp_path.glob("loopcheck-*.md")
    text, table = sheet.read_text(encoding="utf-8"), sheet.with_suffix(".csv")
    assert hashlib.sha256(table.read_bytes()).hexdigest() in text
    assert "**PASSED**" in text
    assert "calibrator 7" in text
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [(row["kind"], row["result"]) for row in rows] == [
        *2 * [("output", "pass")], ("input", "pass"), *2 * [("simulated input", "pass")],
    ]  # fmt: skip
    assert rows[2]["remark"].endswith("by hand")
    await until(lambda: running.value(PUMP) == before, 20.0, "the pump is where it was")

    entries = read_entries(plant.data / "audit.sqlite")
    assert verify(plant.data / "audit.sqlite").whole
    ends = [(e["who"], e["target"], e["reason"]) for e in entries if e["role"] == "system"]
    assert ends == [("cellgate", PROBE, "its time is over"), ("cellgate", PUMP, "restart")]
    check = f"loop check {sheet.stem.removeprefix('loopcheck-')}"
    assert sum(entry["reason"] == check for entry in entries) == 2 * len(_commands(text))


async def _overrides(running: Running) -> list[dict[str, Any]]:
    """Return what is forced as the next health tells it."""
    await until(lambda: bool(running.view.gateway["overrides"]), 5.0, "the health tells it")
    found: list[dict[str, Any]] = running.view.gateway["overrides"]
    return found


def _commands(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("- `")]
