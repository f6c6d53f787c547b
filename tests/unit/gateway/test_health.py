"""Scan statistics are of the scans that happened."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from control import signal
from gateway.health import HISTOGRAM_US, LoopLag, ScanStatistics


def _rows(count: int, lateness_us: float, first_scan: int = 1) -> npt.NDArray[Any]:
    rows = np.zeros(count, signal.STATISTICS)
    rows["scan"] = first_scan + np.arange(count)
    rows["lateness_ns"] = lateness_us * 1e3
    rows["duration_ns"] = 50_000
    rows["overruns"] = 3
    return rows


def test_counts_are_the_last_rows_and_percentiles_of_the_latest_window() -> None:
    statistics = ScanStatistics()
    statistics.take(_rows(10_000, 900.0))
    statistics.take(_rows(5_000, 100.0, first_scan=10_001))
    summary = statistics.summary()
    assert summary["scans"] == 15_000
    assert summary["overruns"] == 3
    assert summary["lateness_p50_us"] == summary["lateness_p100_us"] == 100.0
    assert summary["duration_p99_us"] == 50.0


def test_every_scan_is_in_one_class_of_the_histogram() -> None:
    statistics = ScanStatistics()
    for lateness_us in (5.0, 10.0, 10.1, 99.0, 1e6):
        statistics.take(_rows(3, lateness_us))
    found = statistics.histogram()
    assert found["bounds_us"] == list(HISTOGRAM_US)
    assert dict(enumerate(found["lateness"])) == dict.fromkeys(range(len(HISTOGRAM_US) + 1), 0) | {
        0: 6, 1: 3, HISTOGRAM_US.index(100): 3, len(HISTOGRAM_US): 3,
    }  # fmt: skip
    assert sum(found["duration"]) == found["duration"][HISTOGRAM_US.index(50)] == 15


def test_a_few_scans_are_not_diluted_by_an_empty_window() -> None:
    statistics = ScanStatistics()
    statistics.take(_rows(3, 200.0))
    assert statistics.summary()["lateness_p50_us"] == 200.0
    assert ScanStatistics().summary()["scans"] == 0


async def test_a_blocked_loop_shows_as_lag() -> None:
    lag = LoopLag()
    running = asyncio.create_task(lag.run())
    await asyncio.sleep(0.01)
    time.sleep(0.5)  # what must never happen on a loop
    await asyncio.sleep(0.3)
    running.cancel()
    assert lag.take_worst_ms() > 100.0
    assert lag.take_worst_ms() < 100.0
