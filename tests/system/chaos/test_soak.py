"""Chaos for as long as one likes, with cables that are pulled between networks; needs root and iproute2.

CELLGATE_SOAK_S=3600 pytest -m soak tests/system/chaos
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.brokers import BROKERS, AnyBroker
from tests.servers.mosquitto import DEFAULT_LIMITS, Mosquitto
from tests.system.chaos.audit import audit
from tests.system.chaos.faults import deck
from tests.system.chaos.stage import networks

SECONDS = float(os.environ.get("CELLGATE_SOAK_S", "120"))


def default_mosquitto(folder: Path) -> AnyBroker:
    """Return a mosquitto that drops silently."""
    return Mosquitto(folder, DEFAULT_LIMITS)


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + 600)
@pytest.mark.parametrize("make", [*BROKERS.values(), default_mosquitto])
async def test_hours_of_chaos(make: Callable[[Path], AnyBroker], tmp_path: Path) -> None:
    seed = time.time_ns() % 100_000
    print(f"seed {seed}")  # noqa: T201 - to have the same faults again
    deadline = time.monotonic() + SECONDS
    async with networks(tmp_path, make(tmp_path / "broker"), seed) as chaos:
        while time.monotonic() < deadline:
            await chaos.strike(deck(chaos, seed, 20))
            seed += 1
        await chaos.finish()
        found = await asyncio.to_thread(audit, chaos)
        print(chaos.done, {name: one.stored for name, one in found.items()})  # noqa: T201 - the soak's result
