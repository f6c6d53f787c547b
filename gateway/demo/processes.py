"""One child process: start it, wait until it is ready, stop it gently or kill it, start it again."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import os
import random
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway import lifeline


class DidNotStart(Exception):
    """A process ended or stayed silent before it was ready; the message ends with its log's tail."""


_FIRST_PORT: Final = 10_000
_SHARES: Final = 64
_SHARE: Final = 350
"""Ports of a process, up to 32,400 in all: Linux takes those from 32,768 on for connections that go out."""
_turn = itertools.count(random.randrange(_SHARE))


def free_port() -> int:
    """Return a TCP port on loopback that nobody listens on now.

    It is used only later, so it is one that nobody else takes meanwhile: no connection that goes out, and
    no process beside this one that looks for a port as well.

    Raises:
        OSError: all of this process's share are taken.
    """
    first = _FIRST_PORT + os.getpid() % _SHARES * _SHARE
    for _ in range(_SHARE):
        port = first + next(_turn) % _SHARE
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(errno.EADDRINUSE, f"no port is free from {first} to {first + _SHARE - 1}")


def listens(port: int) -> bool:
    """Return whether something accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Child:
    """A process of the demo or of a test. Its output goes to a log file; it dies with us.

    It is in a session of its own: Ctrl-C in a terminal reaches who started it alone, who then stops
    its children in the right order.
    """

    def __init__(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        """Describe the process; nothing is started yet."""
        self.name, self.log = name, log
        self._arguments, self._environment = list(arguments), dict(environment)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Return the process id.

        Raises:
            ProcessLookupError: it is not running.
        """
        if self._process is None or self._process.returncode is not None:
            raise ProcessLookupError(f"{self.name} is not running")
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Return how it ended, or None while it runs (or was never started)."""
        return None if self._process is None else self._process.returncode

    async def start(self, ready: Callable[[], bool] | None = None, within_s: float = 60.0) -> None:
        """Start it, and wait until `ready()`.

        Raises:
            DidNotStart: it ended, or was not ready in time.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._arguments,
                env=lifeline.tie({**os.environ, **self._environment}),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        if ready is not None:
            await self._wait(ready, within_s)

    async def stop(self, within_s: float = 20.0) -> int:
        """Ask it to end with SIGTERM, kill it when it does not in time; return its exit status."""
        return await self._end(signal.SIGTERM, within_s)

    async def kill(self) -> int:
        """End it as a power cut would; return its exit status."""
        return await self._end(signal.SIGKILL, 10.0)

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, for instance SIGSTOP.

        Raises:
            ProcessLookupError: it is not running.
        """
        os.kill(self.pid, number)

    def cpu_s(self) -> float:
        """Return the CPU seconds it has used so far (0 when it is not running)."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        except (ProcessLookupError, FileNotFoundError):
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def tail(self, lines: int = 15) -> str:
        """Return the end of its log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    async def _wait(self, ready: Callable[[], bool], within_s: float) -> None:
        assert self._process is not None
        try:
            async with asyncio.timeout(within_s):
                while not ready():
                    if self._process.returncode is not None:
                        raise DidNotStart(
                            f"{self.name} ended with {self._process.returncode}:\n{self.tail()}"
                        )
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise DidNotStart(f"{self.name} was not ready within {within_s:g} s:\n{self.tail()}") from None

    async def _end(self, number: signal.Signals, within_s: float) -> int:
        process = self._process
        if process is None:
            return 0
        if process.returncode is None:
            for sent in (number, signal.SIGCONT):  # a stopped process handles nothing
                with contextlib.suppress(ProcessLookupError):
                    os.kill(
                        process.pid, sent
                    )  # Popen's own way may reap it, and asyncio then not know how it ended
            try:
                async with asyncio.timeout(within_s):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return process.returncode
