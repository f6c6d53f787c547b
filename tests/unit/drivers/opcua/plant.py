"""The test's end of the servers: a process, its address space, and a driver's view of it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from config.devices import OpcUaAddress, OpcUaDevice
from config.tags import Access, Tag, TagKind
from control.signal import Columns
from drivers.api import TagRef
from drivers.opcua.driver import OpcUaDriver

NAMESPACE = "urn:cellgate:test:plant"
ROOT = Path(__file__).parents[4]


class ServerProcess:
    """asyncua's server in a process of its own, obeying commands."""

    def __init__(self, **settings: Any) -> None:
        self._settings = settings
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self) -> None:
        """Start, on the port it had before when it is started again."""
        settings = json.dumps({"port": self.port} | self._settings)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.drivers.opcua.server", settings],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.port = int(self._line()["port"])

    def change(self, **settings: Any) -> None:
        """Let the next start have other settings."""
        self._settings |= settings

    def do(self, what: str, **arguments: Any) -> Any:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        self._process.stdin.flush()
        answer = self._line()
        assert "error" not in answer, answer
        return answer["ok"]

    def _line(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the server has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def kill(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


@contextlib.contextmanager
def server(**settings: Any) -> Iterator[ServerProcess]:
    process = ServerProcess(**settings)
    try:
        process.start()
        yield process
    finally:
        process.kill()


def device(port: int, **settings: Any) -> OpcUaDevice:
    fast: dict[str, Any] = {
        "driver": "opcua",
        "endpoint": f"opc.tcp://127.0.0.1:{port}/test",
        "period": 0.1,
        "timeout": 2.0,
        "dead_after": 2.0,
        "reconnect_min": 0.05,
        "reconnect_max": 0.3,
        "publishing_interval": 0.05,
        "keep_alive_count": 6,
    }
    return OpcUaDevice.model_validate(fast | settings)


def ref(
    index: int,
    name: str,
    *,
    kind: TagKind = TagKind.NUMBER,
    access: Access = Access.READ,
    namespace: str = NAMESPACE,
    **more: Any,
) -> TagRef:
    poll = more.pop("poll", False)
    address = OpcUaAddress(namespace=namespace, identifier=name, poll=poll)
    return TagRef(index, f"u/{name}", Tag(device="d", address=address, kind=kind, access=access, **more))


@contextlib.asynccontextmanager
async def opened(settings: OpcUaDevice, refs: Iterable[TagRef]) -> AsyncIterator[OpcUaDriver]:
    driver = OpcUaDriver("d", settings)
    driver.plan(list(refs))
    try:
        await driver.open()
        yield driver
    finally:
        await driver.close()


class Seen:
    """What a subscription has brought, by tag."""

    def __init__(self) -> None:
        self.columns: list[Columns] = []
        self.values: dict[int, list[float]] = {}
        self.qualities: dict[int, list[int]] = {}
        self.statuses: dict[int, list[int]] = {}
        self.stamps: dict[int, list[int]] = {}
        self.texts: dict[int, list[Any]] = {}
        self.keep_alives = 0

    def __call__(self, columns: Columns) -> None:
        self.columns.append(columns)
        self.keep_alives += not len(columns) and not columns.texts
        for at, tag in enumerate(columns.tag.tolist()):
            self.values.setdefault(tag, []).append(float(columns.value[at]))
            self.qualities.setdefault(tag, []).append(int(columns.quality[at]))
            self.statuses.setdefault(tag, []).append(int(columns.status[at]))
            self.stamps.setdefault(tag, []).append(int(columns.source_ns[at]))
        for text in columns.texts:
            self.texts.setdefault(text.tag, []).append(text.value)
            self.qualities.setdefault(text.tag, []).append(text.quality)

    def last(self, tag: int) -> float:
        return self.values.get(tag, [float("nan")])[-1]


async def follow(driver: OpcUaDriver, seen: Seen, done: Callable[[], bool], limit_s: float = 5.0) -> None:
    """Take what a subscription brings until the test has what it waits for."""
    deadline = time.monotonic() + limit_s
    stream = driver.subscribe()
    try:
        async for columns in stream:
            seen(columns)
            if done():
                return
            assert time.monotonic() < deadline, (seen.values, seen.qualities)
    finally:
        await stream.aclose()  # type: ignore[attr-defined]
