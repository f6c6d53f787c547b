"""npm's modbus-serial as a server in a process of its own: a Modbus stack that nobody here wrote."""

from __future__ import annotations

import subprocess

from tests.servers.process import ROOT, ServerProcess

_FOREIGN = ROOT / "tests" / "foreign"
_SERVER = _FOREIGN / "modbus-serial"


def server(port: int) -> ServerProcess:
    """Return a server for a port; fetch its packages from npm when they are missing."""
    if not (_SERVER / "node_modules").is_dir():
        subprocess.run(["sh", str(_FOREIGN / "install.sh")], check=True)
    return ServerProcess(["node", "--no-warnings", str(_SERVER / "server.js"), str(port)])
