"""A gateway that is killed while it streams: what it had journalled arrives, once, under its identity."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import numpy as np
import pytest

from gateway.demo.processes import Child
from gateway.stream.journal_reader import JournalReader
from gateway.stream.line_decoder import Decoder
from gateway.stream.records import Dictionary, Kind, Record, unpack
from tests.servers.brokers import BROKERS
from tests.servers.recorder import Recorder
from tests.system.stream.gateways import gateway, quick_site

KILLS = 2


@pytest.mark.parametrize("name", BROKERS)
async def test_what_was_journalled_before_each_kill_arrives(tmp_path: Path, name: str) -> None:
    chance = random.Random(11)
    broker = BROKERS[name](tmp_path / "broker")
    await broker.start()
    recorder = Recorder(broker.port)
    data = tmp_path / "gateway"
    try:
        async with recorder.running():
            for number in range(KILLS):
                log = tmp_path / f"gateway-{number}.log"
                process = Child(
                    "gateway",
                    [sys.executable, "-m", "tests.servers.stream_process", str(data), str(broker.port)],
                    {},
                    log,
                )
                await process.start(lambda log=log: log.exists() and "flowing" in log.read_text())  # type: ignore[misc]
                await asyncio.sleep(chance.uniform(0.1, 0.6))
                assert await process.kill() == -9
            async with gateway(data, quick_site(broker.port)) as made:
                await made.confirmed(recorder)
                epoch = made.journal.epoch
    finally:
        await broker.kill()
    with JournalReader(data / "tap" / f"tap-{epoch}.sqlite") as tap:
        journalled = tap.read(0, 0, 1_000_000)
        assert len(journalled) > 20 * KILLS
        assert {key[2] for key in recorder.stored if key[0] == epoch} == {r.sequence for r in journalled}
        assert {key[0] for key in recorder.stored} == {epoch}
        for record in journalled:
            if record.kind is Kind.TELEMETRY:
                same(record, tap.dictionary(record.dictionary), recorder.stored[epoch, 0, record.sequence])


def same(record: Record, dictionary: Dictionary, payload: bytes) -> None:
    """Compare what was journalled with what arrived, point by point and bit by bit."""
    kept, arrived = unpack(record.data), Decoder(dictionary.names.index).decode(payload).points
    for column in ("tag", "source_ns", "quality", "status", "ordinal"):
        np.testing.assert_array_equal(getattr(kept, column), getattr(arrived, column))
    np.testing.assert_array_equal(kept.value.view(np.uint64), arrived.value.view(np.uint64))
