"""MQTT brokers that we did not write, each a process with a folder and a port of its own."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Protocol

from gateway.broker import Broker
from gateway.demo.processes import Child, free_port, listens

_TIED = "import os, sys; from gateway import lifeline; lifeline.hold(); os.execv(sys.argv[1], sys.argv[1:])"

UNLIMITED = ("max_queued_messages 0", "max_inflight_messages 0")
"""What a mosquitto in production needs: its defaults drop messages silently."""
DURABLE = ("persistence true", "autosave_on_changes true", "autosave_interval 1")


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


class Mosquitto:
    """Debian's mosquitto."""

    def __init__(self, folder: Path, settings: tuple[str, ...] = UNLIMITED) -> None:
        """Describe it; lines of `settings` are added to its configuration."""
        self.port = free_port()
        program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        assert program, "mosquitto is not installed: run tests/debian/install.sh"
        folder.mkdir(parents=True, exist_ok=True)
        configuration = folder / "mosquitto.conf"
        user = ["user root"] if os.getuid() == 0 else []
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "set_tcp_nodelay true",
            f"persistence_location {folder}/",
            *user,
            *settings,
        ]
        configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        arguments = [sys.executable, "-c", _TIED, program, "-c", str(configuration)]
        self._child = Child("mosquitto", arguments, {}, folder / "mosquitto.log")

    async def start(self) -> None:
        await self._child.start(lambda: listens(self.port), 20.0)

    async def stop(self) -> int:
        return await self._child.stop()

    async def kill(self) -> int:
        return await self._child.kill()


def nats(folder: Path) -> AnyBroker:
    """Return the embedded broker."""
    return Broker(folder)
