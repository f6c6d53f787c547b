"""A gateway's stream in a process of its own, reporting without end, for tests that kill it.

python -m tests.servers.stream_process FOLDER PORT [SYNCHRONOUS]

SYNCHRONOUS is SQLite's setting for the journal, to show what would be lost with another one than ours.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path
from typing import Literal
from unittest import mock

from gateway.stream import journal_file, journal_schema
from tests.system.stream.gateways import gateway, quick_site


async def main(folder: Path, port: int) -> None:
    """Report until killed; a line says that reports flow."""
    async with gateway(folder, quick_site(port, telemetry={"max_points": 20})) as made:
        await made.flow(0.1)
        print("flowing", flush=True)  # noqa: T201 - the parent reads it
        await made.flow(60.0)


def _weaken(synchronous: Literal["FULL", "NORMAL"]) -> None:
    def connect(path: Path, asked: Literal["FULL", "NORMAL"]) -> sqlite3.Connection:
        return journal_schema.connect(path, synchronous if asked == "FULL" else asked)

    mock.patch.object(journal_file, "connect", connect).start()


if __name__ == "__main__":
    if sys.argv[3:] == ["NORMAL"]:
        _weaken("NORMAL")
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
