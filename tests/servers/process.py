"""A server in a process of its own: started, killed, frozen and commanded by tests."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_ANSWER_LIMIT_S = 60.0


class ServerProcess:
    """A child process that says `ready` and then answers one line to each command line."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._frozen = False

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process, unless it runs, and wait until it is ready."""
        if self.running:
            return
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self._frozen = False
        line = self._line()
        assert line == "ready", f"{self._command[0]} said {line!r} instead of ready"

    def command(self, text: str) -> str:
        """Send a command and return its answer."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode() + b"\n")
        self._process.stdin.flush()
        return self._line()

    def freeze(self) -> None:
        """Stop the process as a debugger would: connections stay, nothing is answered."""
        self._signal(signal.SIGSTOP)
        self._frozen = True

    def thaw(self) -> None:
        """Go on after `freeze`."""
        if self._frozen:
            self._signal(signal.SIGCONT)
            self._frozen = False

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        if self._process is None:
            return
        if self.running:
            self._signal(signal.SIGKILL)
        self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        got = b""
        while not got.endswith(b"\n"):
            ready, _, _ = select.select([self._process.stdout], [], [], _ANSWER_LIMIT_S)
            assert ready, f"{self._command[0]} did not answer within {_ANSWER_LIMIT_S} s"
            piece = os.read(self._process.stdout.fileno(), 65536)
            assert piece, f"{self._command[0]} ended"
            got += piece
        return got.decode().strip()


def python(module: str, *arguments: str) -> ServerProcess:
    """Return a server that is a Python module of the tests."""
    return ServerProcess([sys.executable, "-m", module, *arguments])
