"""The device of the worked example in `docs/how-to/write-a-driver.md`: PORT.

Standard input takes `set NAME VALUE`, `get NAME` and `clear`.
"""

from __future__ import annotations

import asyncio
import sys

LIMIT = 1000.0
"""The device refuses larger values."""
READ_ONLY = "serial"


class Device:
    """Values by name."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write((self.answer(line.decode().split()) + "\n").encode())
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    def answer(self, words: list[str]) -> str:
        match words:
            case ["GET", name]:
                return f"{name} {self.values[name]!r}" if name in self.values else f"{name} ?"
            case ["SET", name, text] if name in self.values and name != READ_ONLY:
                if abs(float(text)) > LIMIT:
                    return f"{name} error out of range"
                self.values[name] = float(text)
                return f"{name} ok"
            case [_, name, *_]:
                return f"{name} error cannot be written"
        return "? error"

    def obey(self, words: list[str]) -> str:
        match words:
            case ["set", name, text]:
                self.values[name] = float(text)
            case ["get", name]:
                return repr(self.values[name])
            case ["clear"]:
                self.values.clear()
        return "ok"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def main(port: int) -> None:
    device = Device()
    server = await asyncio.start_server(device.serve, "127.0.0.1", port)
    say("ready")
    commands = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    async with server:
        while line := await commands.readline():
            say(device.obey(line.decode().split()))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
