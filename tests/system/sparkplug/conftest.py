"""One mosquitto for the module; each test its own edge node behind a tap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.servers.mosquitto import Mosquitto
from tests.system.sparkplug.tap import Tap, tapped


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A mosquitto that runs."""
    made = Mosquitto(tmp_path_factory.mktemp("broker"))
    with asyncio.Runner() as runner:
        runner.run(made.start())
        yield made
        runner.run(made.stop())


@pytest.fixture
async def tap(broker: Mosquitto) -> AsyncIterator[Tap]:
    """What an edge node and the broker say to each other."""
    async with tapped(broker.port) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The gateway's data."""
    return tmp_path
