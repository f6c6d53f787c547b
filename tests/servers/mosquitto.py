"""Debian's mosquitto as a broker for tests, on a port of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from gateway.demo.processes import Child, free_port, listens

DEFAULT_LIMITS = ""
RAISED_LIMITS = "max_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true\n"


class Mosquitto:
    """One broker. Without persistence: killed, it has forgotten everything.

    Started by root it stays root, so that it can read the files of the tests.
    """

    def __init__(self, folder: Path, limits: str = RAISED_LIMITS) -> None:
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        assert program, "mosquitto is not installed: run tests/debian/install.sh"
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        configuration = folder / "mosquitto.conf"
        anonymous = "" if "allow_anonymous" in limits else "allow_anonymous true\n"
        text = f"listener {self.port} 127.0.0.1\nuser root\npersistence false\n{anonymous}{limits}"
        configuration.write_text(text, encoding="ascii")
        self._child = Child("mosquitto", [program, "-c", str(configuration)], {}, folder / "mosquitto.log")

    async def start(self) -> None:
        """Start it and wait until it accepts connections."""
        await self._child.start(lambda: listens(self.port), 20.0)

    async def stop(self) -> int:
        """End it in good order."""
        return await self._child.stop()

    async def kill(self) -> int:
        """End it as a power cut would."""
        return await self._child.kill()
