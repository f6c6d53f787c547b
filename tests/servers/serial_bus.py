"""A serial line with libmodbus units on it: LINK BAUD UNIT... ; LINK is what the master opens.

Pseudo-terminals have no speed, so this process gives them one: each byte takes its time at BAUD, in
both directions. A unit hears only what is for it: libmodbus goes astray when a request to another unit
is never answered. Commands are those of `libmodbus_server.c` and go to all units (the first one's answer is
given), and beside them:

    silence          the shortest silence before a request (in microseconds), and starts anew
    overlaps         how often the master spoke while the line was not silent
    noise HEX        these bytes stand before each answer from now on; nothing: none
    cut COUNT        the next answer loses its last bytes
    lag MILLISECONDS the next answer waits for so long
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
import tty
from pathlib import Path

from tests.servers import libmodbus
from tests.servers.process import ServerProcess

_BITS = 11


class Bus:
    """The line: who speaks when, at what speed."""

    def __init__(self, baud: int, master: int, units: dict[int, int]) -> None:
        self.character_s = _BITS / baud
        self.noise, self.cut, self.lag_s = b"", 0, 0.0
        self.silences: list[float] = []
        self.overlaps = 0
        self._master, self._units = master, units
        self._ended = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(master, self._request)
        for unit in units.values():
            self._loop.add_reader(unit, self._answer, unit)

    def _request(self) -> None:
        data = os.read(self._master, 4096)
        now = time.monotonic()
        self.silences.append(now - self._ended)
        self.overlaps += now < self._ended
        self._carry(data, self._units.get(data[0]))

    def _answer(self, unit: int) -> None:
        data = os.read(unit, 4096)
        data = self.noise + (data[: -self.cut] if self.cut else data)
        lag_s, self.cut, self.lag_s = self.lag_s, 0, 0.0
        self._carry(data, self._master, lag_s)

    def _carry(self, data: bytes, to: int | None, lag_s: float = 0.0) -> None:
        task = self._loop.create_task(self._at_speed(data, to, lag_s))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _at_speed(self, data: bytes, to: int | None, lag_s: float) -> None:
        await asyncio.sleep(lag_s)
        begun = time.monotonic()
        for n in range(0, len(data), 8):
            piece = data[n : n + 8]
            end = begun + (n + len(piece)) * self.character_s
            self._ended = max(self._ended, end)
            await asyncio.sleep(max(0.0, end - time.monotonic()))
            if to is not None:
                os.write(to, piece)
        self._ended = time.monotonic()

    def obey(self, word: str, rest: list[str]) -> str | None:
        """Carry out a command about the line; None: it is one for the units."""
        match word, rest:
            case "silence", []:
                shortest = min(self.silences[1:], default=0.0)
                self.silences.clear()
                return str(round(shortest * 1e6))
            case "overlaps", []:
                return str(self.overlaps)
            case "noise", _:
                self.noise = bytes.fromhex("".join(rest))
            case "cut", [count]:
                self.cut = int(count)
            case "lag", [milliseconds]:
                self.lag_s = int(milliseconds) / 1000
            case _:
                return None
        return "ok"


def _pair() -> tuple[int, str]:
    master, slave = os.openpty()
    tty.setraw(slave)
    return master, os.ttyname(slave)  # the slave stays open, so that the master never sees an end


async def main(link: Path, baud: int, numbers: list[str]) -> None:
    master, path = _pair()
    pairs = [_pair() for _ in numbers]
    servers = []
    program = str(libmodbus.build())
    for (_, device), number in zip(pairs, numbers, strict=True):
        servers.append(ServerProcess([program, device, number, str(baud)]))
        servers[-1].start()
    bus = Bus(baud, master, {int(n): unit for n, (unit, _) in zip(numbers, pairs, strict=True)})
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    reader = asyncio.StreamReader(limit=2**20)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    with contextlib.ExitStack() as ending:
        for server in servers:
            ending.callback(server.kill)
        while line := (await reader.readline()).decode():
            word, *rest = line.split()
            answer = bus.obey(word, rest)
            if answer is None:
                if word == "clear":
                    bus.noise, bus.cut, bus.lag_s = b"", 0, 0.0
                answer, *_ = [server.command(line.strip()) for server in servers]
            sys.stdout.write(answer + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
