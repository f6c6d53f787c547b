"""Time series databases that we did not write, each a process with a folder and a port of its own."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import urllib3

from gateway.demo.processes import Child, free_port


class Database:
    """A database server: started, killed and started again on the same files."""

    def __init__(self, name: str, program: str, arguments: list[str], folder: Path, port: int) -> None:
        found = shutil.which(program)
        assert found, f"{program} is not installed: run tests/debian/install.sh"
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._http = urllib3.PoolManager(timeout=5, retries=False)
        self._child = Child(name, [found, *arguments], {}, folder / f"{name}.log")

    async def start(self) -> None:
        """Start it and wait until it answers."""
        await self._child.start(self._answers, 30.0)

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._child.kill()
        self._http.clear()

    def get(self, path: str, **fields: str) -> bytes:
        """Return the body of an answer."""
        response = self._http.request("GET", f"{self.url}{path}", fields=fields)
        assert response.status in (200, 204), response.data
        return response.data

    def post(self, path: str, **fields: str) -> bytes:
        """Send a form and return the body of the answer."""
        response = self._http.request("POST", f"{self.url}{path}", fields=fields, encode_multipart=False)
        assert response.status in (200, 204), response.data
        return response.data

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", self.port)):
                return False
        try:
            return self._http.request("GET", f"{self.url}/ping").status == 204
        except urllib3.exceptions.HTTPError:
            return False


class Influxd(Database):
    """InfluxDB 1, as Debian has it."""

    def __init__(self, folder: Path, *, auth: bool = False) -> None:
        port, inner = free_port(), free_port()
        configuration = folder / "influxd.toml"
        folder.mkdir(parents=True, exist_ok=True)
        configuration.write_text(
            f"""
reporting-disabled = true
bind-address = "127.0.0.1:{inner}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
auth-enabled = {str(auth).lower()}
""",
            encoding="utf-8",
        )
        super().__init__("influxd", "influxd", ["run", "-config", str(configuration)], folder, port)


class Victoria(Database):
    """VictoriaMetrics, with deduplication as our how-to asks for it."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        arguments = [
            f"-httpListenAddr=127.0.0.1:{port}",
            f"-storageDataPath={folder}/data",
            "-retentionPeriod=100y",
            "-dedup.minScrapeInterval=1ms",
            "-memory.allowedBytes=64MB",
        ]
        super().__init__("victoria-metrics", "victoria-metrics", arguments, folder, port)

    def flush(self) -> None:
        """Make what was written visible, and durable."""
        self.get("/internal/force_flush")
