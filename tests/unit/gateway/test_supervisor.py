"""systemd hears when a service is ready, that its work goes on, and nothing when it stands still."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from gateway import supervisor


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "40000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        yield listening


def heard(listening: socket.socket) -> list[bytes]:
    said = []
    with contextlib.suppress(BlockingIOError):
        while True:
            said.append(listening.recv(100))
    return said


async def watched(progress: object, for_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(for_s):
            await supervisor.stay_alive(progress)  # type: ignore[arg-type]


def test_states_are_told(systemd: socket.socket) -> None:
    supervisor.tell(supervisor.READY)
    supervisor.tell(supervisor.STOPPING)
    assert heard(systemd) == [b"READY=1", b"STOPPING=1"]


async def test_work_that_goes_on_is_alive_and_work_that_stands_still_is_not(systemd: socket.socket) -> None:
    scans = count()
    await watched(lambda: next(scans), 0.2)
    assert heard(systemd).count(b"WATCHDOG=1") >= 4
    await watched(lambda: 7, 0.2)
    assert heard(systemd) == [b"WATCHDOG=1"], "the first look cannot know yet"
    await watched(None, 0.1)
    assert heard(systemd).count(b"WATCHDOG=1") >= 2


async def test_nobody_who_listens_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    supervisor.tell(supervisor.READY)
    monkeypatch.delenv("NOTIFY_SOCKET")
    supervisor.tell(supervisor.READY)
    monkeypatch.setenv("WATCHDOG_USEC", "40000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    assert supervisor.watchdog_period_s() is None
    await supervisor.stay_alive()
