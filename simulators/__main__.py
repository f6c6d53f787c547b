"""Runs the simulated plant of a site: `python -m simulators SITE.yaml [--speed N] [--only DEVICE]`.

Prints one JSON line when every server listens, and ends on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence

from config.load import ConfigError, load
from simulators.faults import CONTROL_VARIABLE
from simulators.plant import Plant, PlantError, build_plant

_PARENT_CHECK_S = 0.5


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators", description="Run the simulated plant of a site."
    )
    parser.add_argument("site", help="the site's YAML file")
    parser.add_argument("--speed", type=float, help="plant seconds per wall-clock second, for every device")
    parser.add_argument(
        "--only", action="append", default=[], metavar="DEVICE", help="only this one (repeatable)"
    )
    parser.add_argument(
        "--control",
        type=int,
        default=int(os.environ.get(CONTROL_VARIABLE, "0")),
        help=f"port of the control channel, 0 takes a free one (${CONTROL_VARIABLE})",
    )
    parser.add_argument("--exit-with-parent", action="store_true", help="end when the starting process ends")
    return parser


async def _watch_parent(task: asyncio.Task[None]) -> None:
    """Cancel the task when the process that started this one is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(_PARENT_CHECK_S)
    task.cancel()


async def _serve(plant: Plant, control_port: int, *, exit_with_parent: bool) -> None:
    """Run the plant until it is told to end."""
    loop = asyncio.get_running_loop()
    main_task = asyncio.current_task()
    assert main_task is not None, "a coroutine of a running loop has a task"
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, main_task.cancel)
    watch = asyncio.create_task(_watch_parent(main_task), name="watch parent") if exit_with_parent else None
    try:
        await plant.start(control_port)
        gc.freeze()  # the address spaces stay: no collection needs to look at them again
        _announce(plant)
        await plant.run()
    finally:
        if watch is not None:
            watch.cancel()
        await plant.stop()


def _announce(plant: Plant) -> None:
    devices = {
        name: {"model": device.identity.model, "port": device.link.port, "speed": device.speed}
        for name, device in plant.devices.items()
    }
    line = json.dumps({"ready": True, "devices": devices, "control": plant.control_port})
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulated plant of a site; return the exit status."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for library in ("asyncua", "pymodbus"):  # broken links are our business, and theirs is loud about them
        logging.getLogger(library).setLevel(logging.CRITICAL)
    try:
        devices = build_plant(load(given.site).site, given.only)
    except (ConfigError, PlantError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for device in devices.values():
        device.speed = device.speed if given.speed is None else given.speed
    plant = Plant(devices)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(_serve(plant, given.control, exit_with_parent=given.exit_with_parent))
    except OSError as error:  # a port is taken
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
