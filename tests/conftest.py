"""What holds for every test: nothing leaks, and only loopback is spoken to."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

_GRACE_S = 2.0

# How long an example takes says something about the machine, not about the program.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Make every coroutine test fail when it leaves a task behind."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = _fails_on_leaked_tasks(item.obj)


def _fails_on_leaked_tasks(test: Any) -> Any:
    @functools.wraps(test)
    async def checked(*args: Any, **kwargs: Any) -> None:
        before = asyncio.all_tasks()
        await test(*args, **kwargs)
        deadline = time.monotonic() + _GRACE_S
        while leaked := asyncio.all_tasks() - before:
            if time.monotonic() > deadline:
                names = sorted(f"{task.get_name()}: {task.get_coro()}" for task in leaked)
                pytest.fail("tasks left behind:\n" + "\n".join(names))
            await asyncio.sleep(0.01)

    return checked


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a thread running (thread pools of a closed loop get a moment)."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + _GRACE_S
    while leaked := [t for t in threading.enumerate() if t not in before and t.is_alive()]:
        # A loop has a pool of its own and closes it with itself.
        leaked = [t for t in leaked if not t.name.startswith("asyncio_")]
        if not leaked:
            return
        if time.monotonic() > deadline:
            pytest.fail(f"threads left behind: {[t.name for t in leaked]}")
        time.sleep(0.01)
