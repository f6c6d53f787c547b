"""Debian's libmodbus as a server: a small C program, compiled when it has changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

from tests.servers.process import ServerProcess

_SOURCE = Path(__file__).with_name("libmodbus_server.c")


def build() -> Path:
    """Return the compiled server.

    Raises:
        RuntimeError: there is no compiler, or libmodbus-dev is not installed.
    """
    cache = Path(os.environ.get("CELLGATE_CACHE", tempfile.gettempdir())) / "servers"
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / f"libmodbus_server-{hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:12]}"
    if not target.exists():
        partial = target.with_suffix(f".{os.getpid()}")
        command = ["gcc", "-O2", "-I/usr/include/modbus", str(_SOURCE), "-lmodbus", "-o", str(partial)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError as error:
            raise RuntimeError("gcc is needed for this test: apt-get install gcc libc6-dev") from error
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"is libmodbus-dev installed? {error.stderr}") from error
        partial.rename(target)
    return target


def server(port: int) -> ServerProcess:
    """Return a libmodbus server for a port."""
    return ServerProcess([str(build()), str(port)])
