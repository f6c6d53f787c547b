"""The brokers that a site may have, for the historian's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.broker import Broker
from tests.servers.mosquitto import Mosquitto


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    """Mosquitto with raised limits and no persistence."""
    server = Mosquitto(tmp_path / "broker")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(params=["nats", "mosquitto"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Broker | Mosquitto]:
    """Each of the brokers that a site may have."""
    folder = tmp_path / "broker"
    server = Broker(folder) if request.param == "nats" else Mosquitto(folder)
    await server.start()
    yield server
    await server.stop()
