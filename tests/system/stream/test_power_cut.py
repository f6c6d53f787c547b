"""Nothing is published before it is on the disk: seen in what the process asked of the disk.

A kill cannot show that (the operating system keeps what was written), a power cut can. The gateway's
stream runs against a real broker while every write, sync and send of it is recorded; then the power is
cut at many moments of the record. The same with SQLite's `synchronous = NORMAL` must be caught.
"""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.demo.processes import Child
from gateway.stream.journal_file import JournalFile
from tests.servers.brokers import BROKERS
from tests.servers.disk_recorder import Act, Disk, acts, environment
from tests.servers.recorder import Recorder

CUTS = 40
_HEADER = re.compile(rb"cellgate_message,gateway=gw1,partition=(\d+) epoch=\d+i,sequence=(\d+)i")


@dataclass(frozen=True, slots=True)
class Shown:
    """What many power cuts have shown."""

    cuts: int
    published: int
    lost: int
    """Cuts after which something that had been published was gone."""


async def record(folder: Path, synchronous: str) -> list[Act]:
    """Return what a gateway's stream did until it was killed, while a recorder took its watermarks."""
    broker = BROKERS["mosquitto"](folder / "broker")
    await broker.start()
    recorder, data, log = Recorder(broker.port), folder / "gateway", folder / "acts"
    data.mkdir()
    command = [sys.executable, "-m", "tests.servers.stream_process", str(data), str(broker.port), synchronous]
    try:
        async with recorder.running():
            said = folder / "gateway.log"
            process = Child("gateway", command, environment(data, log), said)
            await process.start(lambda: said.exists() and "flowing" in said.read_text())
            await asyncio.sleep(1.0)
            assert await process.kill() == -9
    finally:
        await broker.kill()
    return list(acts(log))


def show(folder: Path, done: list[Act], chance: random.Random) -> Shown:
    """Cut the power before many of the acts; compare what was published with what is there."""
    sends = [i for i, act in enumerate(done) if act.kind == "N" and _HEADER.search(act.data)]
    cuts = {*chance.sample(sends, min(CUTS, len(sends))), *chance.sample(range(len(done)), CUTS)}
    disk, lost = Disk(), 0
    published: dict[int, int] = {}
    for i, act in enumerate(done):
        if act.kind == "N":
            for partition, sequence in _HEADER.findall(act.data):
                number = int(partition)
                published[number] = max(published.get(number, 0), int(sequence))
        if i in cuts and published:
            lost += not survives(folder, disk, published, None)
            lost += not survives(folder, disk, published, chance)
        disk.take(act)
    return Shown(2 * len(cuts), sum(published.values()), lost)


def survives(folder: Path, disk: Disk, published: dict[int, int], chance: random.Random | None) -> bool:
    """Cut the power, start again, and say whether everything that was published is known."""
    left = folder / "left"
    shutil.rmtree(left, ignore_errors=True)
    left.mkdir()
    disk.cut(left, chance)
    file = JournalFile(left / "journal.sqlite", time.time_ns())
    heads = dict(file.heads)
    file.close()
    return all(heads.get(partition, 0) >= sequence for partition, sequence in published.items())


@pytest.mark.parametrize("synchronous", ["FULL", "NORMAL"])
async def test_a_power_cut_takes_only_what_was_not_published(tmp_path: Path, synchronous: str) -> None:
    done = await record(tmp_path, synchronous)
    shown = show(tmp_path, done, random.Random(5))
    assert shown.published > 20
    assert shown.cuts > CUTS
    if synchronous == "FULL":
        assert shown.lost == 0
    else:
        assert shown.lost > 0, "without the syncs nothing was lost: this test cannot see them"
