"""Chaos on mosquitto: anything is killed, cut, frozen or filled up; nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.servers.brokers import BROKERS
from tests.system.chaos.audit import audit
from tests.system.chaos.faults import deck
from tests.system.chaos.stage import stream

SEED = 5


async def test_nothing_is_lost_or_doubled_whatever_happens(tmp_path: Path) -> None:
    async with stream(tmp_path, BROKERS["mosquitto"](tmp_path / "broker"), SEED) as chaos:
        await chaos.strike(deck(chaos, SEED, 16))
        await chaos.finish()
        assert sum(chaos.done.values()) == 16
        await asyncio.to_thread(audit, chaos)
