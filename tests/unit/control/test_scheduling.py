"""Priority and processors: given where the operating system allows it, explained where it does not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from config.realtime import RealTime
from control.engine import Engine, Pacing
from control.scheduling import schedule_this_thread
from control.tables import build
from tests.unit.control.plant import SMALL, site

WITHOUT_RIGHTS = """
import os, resource
from config.realtime import RealTime
from control.scheduling import schedule_this_thread
resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
if os.getuid() == 0:
    os.setuid(65534)
print(*schedule_this_thread(RealTime(priority=50)))
print(os.sched_getscheduler(0) == os.SCHED_OTHER)
"""


def in_a_thread(wanted: RealTime) -> tuple[tuple[str, ...], int, set[int]]:
    """Return what a thread was refused, and its policy and processors then."""
    found: list[Any] = []

    def ask() -> None:
        found.append((schedule_this_thread(wanted), os.sched_getscheduler(0), os.sched_getaffinity(0)))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    result: tuple[tuple[str, ...], int, set[int]] = found[0]
    return result


def test_a_priority_is_taken_or_the_reason_told() -> None:
    refused, policy, _ = in_a_thread(RealTime(priority=10))
    assert (policy == os.SCHED_FIFO) == (refused == ())
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_without_the_right_it_says_what_would_help() -> None:
    child = [sys.executable, "-c", WITHOUT_RIGHTS]
    root = Path(__file__).parents[3]
    said = subprocess.run(child, cwd=root, check=True, capture_output=True, text=True).stdout
    assert "real-time priority 50: not permitted" in said
    assert "CAP_SYS_NICE" in said
    assert said.endswith("True\n")


def test_processors_are_those_of_the_thread_alone() -> None:
    one = min(os.sched_getaffinity(0))
    refused, _, cpus = in_a_thread(RealTime(cpus=[one]))
    assert (refused, cpus) == ((), {one})
    assert os.sched_getaffinity(0) >= {one}


@pytest.mark.parametrize("cpu", [1000, 10**9, -1])
def test_a_processor_that_there_is_not(cpu: int) -> None:
    refused, _, cpus = in_a_thread(RealTime(cpus=[cpu]))
    assert len(refused) == 1
    assert f"processors {cpu}:" in refused[0]
    assert "this process may use" in refused[0]
    assert cpus == os.sched_getaffinity(0)


def test_the_engine_runs_with_what_it_is_refused() -> None:
    made = site({"pv": {}})
    gateway = made.gateway.model_copy(update={"realtime": RealTime(cpus=[1000])})
    engine = Engine(build(made.model_copy(update={"gateway": gateway}), SMALL), pacing_by=Pacing.PORTABLE)
    engine.start()
    try:
        while engine.counters()["scan"] == 0 and engine.running:
            threading.Event().wait(0.01)
        assert engine.running
        assert "processors 1000" in engine.scheduling_refused[0]
    finally:
        engine.stop()
