"""node-opcua's server in a process of its own: an OPC UA server that nobody here wrote."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.servers.opcua import OpcUaServer
from tests.servers.process import ROOT, ServerProcess

_FOREIGN = ROOT / "tests" / "foreign"
_SERVER = _FOREIGN / "node-opcua"


class NodeOpcUaServer(OpcUaServer):
    """node-opcua's server. A restart takes seconds: it is a process of its own each time."""

    def __init__(self, pki: Path, **settings: Any) -> None:
        super().__init__(pki=str(pki), **settings)

    def start(self) -> None:
        """Start, unless it runs; fetch its packages from npm when they are missing."""
        if not (_SERVER / "node_modules").is_dir():
            subprocess.run(["sh", str(_FOREIGN / "install.sh")], check=True)
        super().start()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.stop()

    def _program(self, settings: str) -> ServerProcess:
        return ServerProcess(["node", "--no-warnings", str(_SERVER / "server.js"), settings])


@contextlib.contextmanager
def node_opcua_server(pki: Path, **settings: Any) -> Iterator[NodeOpcUaServer]:
    """Run a node-opcua server for a while."""
    server = NodeOpcUaServer(pki, **settings)
    try:
        server.start()
        yield server
    finally:
        server.stop()
