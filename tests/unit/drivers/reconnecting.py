"""Reconnections by the hundred, and what must not grow by them, in a process that does nothing else.

Run as `python -m tests.unit.drivers.reconnecting MODULE COUNT`: the module's `reconnections()` is an
asynchronous context manager that gives a function which reconnects once.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from tests.servers.process import ROOT

_PAGE = os.sysconf("SC_PAGE_SIZE")
_WARM = 20
"""Reconnections before the first look: caches fill, the allocator takes what it needs."""

Reconnections = Callable[[], AbstractAsyncContextManager[Callable[[], Awaitable[None]]]]


@dataclass(frozen=True)
class Held:
    """What the process holds."""

    objects: int
    tasks: int
    handles: int
    traced_bytes: int
    """Allocated by Python."""
    resident_bytes: int

    @classmethod
    def now(cls) -> Self:
        gc.collect()
        resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE
        handles = len(os.listdir("/proc/self/fd"))
        traced, _ = tracemalloc.get_traced_memory()
        return cls(len(gc.get_objects()), len(asyncio.all_tasks()), handles, traced, resident)


def nothing_grows(module: str, count: int) -> None:
    """Reconnect so often in a process of its own: what one time leaves behind would be there each time."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.drivers.reconnecting", module, str(count)],
        capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    before, half, after = (Held(**each) for each in json.loads(done.stdout.splitlines()[-1]))
    print(f"{count} reconnections: {before} -> {half} -> {after}")  # noqa: T201 - the figures of the soak
    assert after.tasks <= before.tasks
    assert after.handles <= before.handles
    assert after.objects - half.objects < 0.2 * count + 300, (half, after)
    assert after.traced_bytes - half.traced_bytes < 500 * count + 100_000, (half, after)
    assert after.resident_bytes - half.resident_bytes < 1_000 * count + 4_000_000, (half, after)


async def _measured(reconnections: Reconnections, count: int) -> list[Held]:
    async with reconnections() as reconnect:
        for _ in range(_WARM):
            await reconnect()
        found = [Held.now()]
        for half in (count // 2, count - count // 2):
            for _ in range(half):
                await reconnect()
            found.append(Held.now())
        return found


if __name__ == "__main__":
    made: Reconnections = importlib.import_module(sys.argv[1]).reconnections
    tracemalloc.start()
    print(json.dumps([asdict(each) for each in asyncio.run(_measured(made, int(sys.argv[2])))]))  # noqa: T201
