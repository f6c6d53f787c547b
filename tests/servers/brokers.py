"""The brokers that the stream's tests run over: each a real server in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from gateway.broker import Broker
from tests.servers.mosquitto import Mosquitto


class AnyBroker(Protocol):
    """A broker that tests start and kill."""

    port: int

    async def start(self) -> None:
        """Start it and wait until it accepts connections."""
        ...

    async def stop(self) -> int:
        """End it in good order."""
        ...

    async def kill(self) -> int:
        """End it as a power cut would."""
        ...


def nats(folder: Path) -> AnyBroker:
    """Return the embedded broker."""
    return Broker(folder)


def mosquitto(folder: Path) -> AnyBroker:
    """Return a mosquitto that drops nothing while it lives."""
    return Mosquitto(folder)


BROKERS: dict[str, Callable[[Path], AnyBroker]] = {"mosquitto": mosquitto, "nats": nats}
