"""What following an OPC UA server costs as it grows: quiet items, changes a message, tags at the start.

Memory is the process' own (resident), CPU its own seconds. The lines are fitted by least squares; a
cost that grows faster than its cause shows as a poor fit.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench_opcua import driver_of, replay

QUIET = 50_000
WATCHED_S = 10.0
MESSAGES = 200
SIZES = (100, 1000, 2500, 5000, 10_000)
TAGS = (500, 1000, 2000, 5000, 10_000)
STRAIGHT = 0.98
"""Least share of the variance that a straight line must explain."""


def run() -> Iterator[dict[str, Any]]:
    """Yield a result for quiet items, one for changes and one for tags."""
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    with replay("quiet") as port:
        yield asyncio.run(_quiet(port))
        costs = [min(asyncio.run(_start(port, tags)) for _ in range(2)) for tags in TAGS]
        yield _line("opcua: start against number of tags", TAGS, costs, "us_per_tag")
    with replay() as port:
        costs = [min(asyncio.run(_messages(port, size)) for _ in range(3)) for size in SIZES]
        yield _line("opcua: message against number of changes", SIZES, costs, "us_per_change")


def _line(bench: str, causes: Sequence[int], costs_s: Sequence[float], name: str) -> dict[str, Any]:
    slope, offset = map(float, np.polyfit(causes, costs_s, 1))
    explained = float(np.corrcoef(causes, costs_s)[0, 1] ** 2)
    return {
        "bench": bench,
        "figure": round(explained, 4),
        "limit": STRAIGHT,
        "holds": explained >= STRAIGHT,
        name: round(1e6 * slope, 3),
        "fixed_us": round(1e6 * offset, 1),
        "at": list(causes),
        "ms": [round(1e3 * cost, 3) for cost in costs_s],
    }


async def _quiet(port: int) -> dict[str, Any]:
    before = _resident()
    driver = driver_of(port, QUIET, timeout=20.0, dead_after=20.0)
    await driver.open()
    stream = driver.subscribe()
    async for columns in stream:
        if not len(columns):
            break
    start, began = time.process_time(), time.monotonic()
    async for _ in stream:
        if time.monotonic() - began > WATCHED_S:
            break
    busy = (time.process_time() - start) / (time.monotonic() - began)
    resident = _resident() - before
    await driver.close()
    return {
        "bench": f"opcua: {QUIET} quiet items, share of a CPU",
        "figure": round(busy, 4),
        "limit": None,
        "holds": None,
        "resident_MB": round(resident / 1e6, 1),
        "bytes_per_item": round(resident / QUIET),
    }


async def _start(port: int, tags: int) -> float:
    """Return the CPU seconds of connecting, looking every node up and subscribing."""
    driver = driver_of(port, tags, timeout=20.0)
    start = time.process_time()
    await driver.open()
    async for columns in driver.subscribe():
        if not len(columns):
            break
    seconds = time.process_time() - start
    await driver.close()
    return seconds


async def _messages(port: int, size: int) -> float:
    """Return the CPU seconds of a message with so many changes."""
    driver = driver_of(port, size)
    await driver.open()
    seen, start = 0, 0.0
    async for columns in driver.subscribe():
        seen += len(columns) > 0
        if seen == MESSAGES // 10:
            start = time.process_time()
        if seen >= MESSAGES + MESSAGES // 10:
            break
    seconds = time.process_time() - start
    await driver.close()
    return seconds / MESSAGES


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096
