"""OPC UA servers in processes of their own, and how they are told what to do."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from gateway.demo.processes import free_port
from tests.servers.process import ServerProcess, python

NAMESPACE = "urn:cellgate:test:plant"
"""Namespace URI of the nodes that the tests add."""


class OpcUaServer:
    """asyncua's own server."""

    def __init__(self, **settings: Any) -> None:
        self._settings: dict[str, Any] = {"port": free_port()} | settings
        self._process: ServerProcess | None = None

    @property
    def port(self) -> int:
        """Where it listens, the same after every start."""
        port: int = self._settings["port"]
        return port

    @property
    def endpoint(self) -> str:
        """The address for clients."""
        return f"opc.tcp://127.0.0.1:{self.port}/test"

    def change(self, **settings: Any) -> None:
        """Let the next start have other settings."""
        self._settings |= settings

    def start(self) -> None:
        """Start, unless it runs."""
        if self._process is None:
            self._process = self._program(json.dumps(self._settings))
            self._process.start()
        else:
            self.do("start", settings=self._settings)

    def do(self, what: str, **arguments: Any) -> Any:
        """Have the server do something; return what it answers."""
        assert self._process is not None
        answer = json.loads(self._process.command(json.dumps({"do": what, **arguments})))
        assert "error" not in answer, answer
        return answer["ok"]

    def kill(self) -> None:
        """End it as a power cut would."""
        self.do("kill")

    def freeze(self) -> None:
        """Leave its connections open and answer nothing."""
        self.do("freeze")

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self.do("thaw")

    def stop(self) -> None:
        """End it for good."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def _program(self, settings: str) -> ServerProcess:
        return python("tests.servers.asyncua_server", settings)


@contextlib.contextmanager
def asyncua_server(**settings: Any) -> Iterator[OpcUaServer]:
    """Run an asyncua server for a while."""
    server = OpcUaServer(**settings)
    try:
        server.start()
        yield server
    finally:
        server.stop()
