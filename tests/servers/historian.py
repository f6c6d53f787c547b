"""A historian in a process of its own: `python -m tests.servers.historian SITE.json DATA NAME [MEMBER]`."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

import orjson

from config.site import Site
from gateway import lifeline, logs
from gateway.historian.service import run_historian
from gateway.kernels.ready import prepare_keeping
from gateway.process import run_service


async def main(site_file: Path, data: Path, name: str, member: str | None) -> None:
    """Run until SIGTERM."""
    site = Site.model_validate(orjson.loads(site_file.read_bytes()))
    config = next(historian for historian in site.streams.historians if historian.name == name)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await run_historian(site, config, data, stop, member=member)
    print(f"cpu_s {time.process_time():.3f}", flush=True)  # noqa: T201 - benchmarks read it from the log


if __name__ == "__main__":
    lifeline.hold()
    logs.set_up("INFO", "historian")
    prepare_keeping()
    run_service(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], next(iter(sys.argv[4:]), None)))
