"""A process that writes a journal until it is killed, and says how far it is certain to have come.

    python -m tests.servers.journal_process FOLDER FIRST

Each line of its output is the number of the last draft that `flush` has answered for.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

from config.streams import Streams
from gateway.stream.journal import Journal
from tests.unit.stream.journals import DICTIONARY, draft

_STREAMS = Streams.model_validate({"journal": {"commit_period": "2 ms"}, "telemetry": {"partitions": 2}})


async def main(folder: Path, first: int) -> None:
    """Append drafts, each to partition `number % 2`, and trim what is far behind."""
    async with await Journal.open(
        folder / "journal.sqlite", _STREAMS, DICTIONARY, tap=folder / "tap"
    ) as journal:
        for number in count(first):
            await journal.append([draft(number, size=3000, partition=number % 2)])
            if number % 5 == 0:
                await journal.flush()
                print(number, flush=True)  # noqa: T201 - the parent reads it
            if number % 50 == 0:
                for partition, head in journal.heads.items():
                    journal.acknowledge("historian", journal.epoch, partition, head - 20, head)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
