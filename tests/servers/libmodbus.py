"""Programs on Debian's libmodbus: a server, and the benchmark's client; compiled when they have changed."""

from __future__ import annotations

from pathlib import Path

from tests.servers import compiled
from tests.servers.process import ROOT, ServerProcess

SERVERS = Path(__file__).parent
BENCHMARKS = ROOT / "benchmarks"


def build(source: str = "libmodbus_server.c", folder: Path = SERVERS) -> Path:
    """Return a compiled program.

    Raises:
        RuntimeError: there is no compiler, or libmodbus-dev is not installed.
    """
    return compiled.build(
        folder / source, "-I/usr/include/modbus", "-lmodbus", needs="gcc libc6-dev libmodbus-dev"
    )


def server(port: int) -> ServerProcess:
    """Return a libmodbus server for a port."""
    return ServerProcess([str(build()), str(port)])
