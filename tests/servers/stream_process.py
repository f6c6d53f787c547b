"""A gateway's stream in a process of its own, reporting without end, for tests that kill it.

python -m tests.servers.stream_process FOLDER PORT
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.system.stream.gateways import gateway, quick_site


async def main(folder: Path, port: int) -> None:
    """Report until killed; a line says that reports flow."""
    async with gateway(folder, quick_site(port, telemetry={"max_points": 20})) as made:
        await made.flow(0.1)
        print("flowing", flush=True)  # noqa: T201 - the parent reads it
        await made.flow(60.0)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
