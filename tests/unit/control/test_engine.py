"""The engine's thread: it scans in time, by itself, and ends with every output safe."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from control import signal as s
from control.engine import Engine, EngineError, Pacing, prime
from control.kernels import clock
from control.tables import build
from tests.unit.control.plant import SMALL, Tags, site

PERIOD_NS = 5_000_000
WAIT_S = 20.0

PACINGS = [Pacing.PORTABLE, *([Pacing.COMPILED] if clock.AVAILABLE else [])]


def engine_of(pacing: Pacing, **equipment: Any) -> Engine:
    tags: Tags = {"pv": {}, "out": {"access": "write", "low": 0, "high": 100}, "beat": {"access": "write"}}
    loops = {"l": {"pv": "u/pv", "output": "u/out", "kp": 2, "ti": "5 s", "sp": 50, "safe_output": 7}}
    of = site(tags, scan_period="5 ms", device={"watchdog": "u/beat"}, loops=loops, **equipment)
    return Engine(build(of, SMALL), pacing_by=pacing)


@pytest.fixture(params=PACINGS, ids=lambda pacing: pacing.value)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    started = engine_of(request.param)
    started.start()
    yield started
    started.stop()


def until(condition: Callable[[], bool]) -> None:
    """Wait until the engine has got so far."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def push(engine: Engine, value: float) -> None:
    rows = np.zeros(1, s.SAMPLE)
    rows["value"], rows["source_ns"] = value, time.time_ns()
    assert engine.inbox.push(rows) == 1


def test_it_scans_at_its_period_and_says_how_well(engine: Engine) -> None:
    until(lambda: len(engine.statistics) >= 20)
    rows = engine.statistics.pop(1000)
    assert (np.diff(rows["scan"]) == 1).all()
    assert (rows["lateness_ns"] >= 0).all()
    assert (rows["duration_ns"] > 0).all()
    grid = rows["monotonic_ns"] - rows["lateness_ns"]
    assert set(np.diff(grid) % PERIOD_NS) == {0}
    skipped = int((np.diff(grid) // PERIOD_NS - 1).sum())
    assert rows["scan"][0] == 1
    assert rows["overruns"][-2] == skipped, "each scan counts what is skipped behind it"
    assert abs(rows["utc_ns"][-1] - time.time_ns()) < 60 * 10**9
    assert engine.running


def test_a_sample_becomes_an_output(engine: Engine) -> None:
    push(engine, 45.0)
    written: list[Any] = []

    def arrived() -> bool:
        written.extend(row for row in engine.outputs.pop(100) if row["reason"] == s.OUTPUT_LOOP)
        return bool(written)

    until(arrived)
    assert written[0]["tag"] == 1
    assert engine.snapshot().value[0] == 45.0
    assert engine.reports.pop(10)["tag"].tolist()[0] in {0, 3, 4, 5}
    assert engine.statistics.pop(10_000)["inbox_index"][-1] == 1


@pytest.mark.parametrize("pacing", PACINGS)
def test_stopping_leaves_the_outputs_safe(pacing: Pacing) -> None:
    stopped = engine_of(pacing)
    stopped.start()
    push(stopped, 45.0)
    until(lambda: 1 in stopped.outputs.pop(100)["tag"])
    assert stopped.stop() == 0
    assert not stopped.running
    rows = stopped.outputs.pop(1000)
    assert rows[["tag", "value", "reason"]].tolist()[-1] == (1, 7.0, s.OUTPUT_SAFE)
    armed = [row for row in stopped.transitions.pop(100) if row["kind"] == s.KIND_ARMED]
    assert [int(row["after"]) for row in armed] == [1, 0]
    assert stopped.stop() == 0


def test_stopping_says_how_many_safe_values_nobody_took() -> None:
    stopped = engine_of(PACINGS[-1])
    stopped.start()
    push(stopped, 45.0)
    until(lambda: stopped.counters()["scan"] > 5 and 1 in stopped.outputs.pop(100)["tag"])
    stopped.outputs.push(np.zeros(stopped.outputs.capacity, s.OUTPUT))
    assert stopped.stop() == 1


def test_periods_missed_are_skipped_and_counted() -> None:
    hurried = engine_of(PACINGS[-1])
    hurried.scan_period_ns = 1000
    hurried.start()
    until(lambda: hurried.counters()["overruns"] > 100)
    hurried.stop()
    rows = hurried.statistics.pop(1000)
    assert rows["overruns"][-1] > 0


def test_full_statistics_are_refused_and_counted(engine: Engine) -> None:
    until(lambda: engine.counters()["statistics_refused"] > 3)
    rows = engine.statistics.pop(10_000)
    assert len(rows) == engine.statistics.capacity
    assert rows["scan"].tolist() == list(range(1, len(rows) + 1))


def test_an_engine_runs_once() -> None:
    once = engine_of(Pacing.PORTABLE)
    once.start()
    with pytest.raises(EngineError, match="runs once"):
        once.start()
    once.stop()


def test_what_ends_the_thread_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("control.portable.scan", fail)
    broken = engine_of(Pacing.PORTABLE)
    broken.start()
    until(lambda: not broken.running)
    assert str(broken.failure) == "broken"


def test_refused_reports_by_tag() -> None:
    full = engine_of(Pacing.PORTABLE)
    full.reports.push(np.zeros(full.reports.capacity, s.SAMPLE))
    full.start()
    push(full, 1.0)
    until(lambda: 0 in full.refused_reports())
    full.stop()
    assert full.counters()["reports_refused"] == sum(full.refused_reports().values())


def test_a_busy_interpreter_does_not_stop_the_scans() -> None:
    paced = engine_of(PACINGS[-1])
    paced.start()
    done = threading.Event()

    def burn() -> None:
        while not done.is_set():
            sum(range(10_000))

    burners = [threading.Thread(target=burn) for _ in range(2)]
    for thread in burners:
        thread.start()
    first = paced.counters()["scan"]
    until(lambda: paced.counters()["scan"] > first + 20)
    done.set()
    for thread in burners:
        thread.join()
    paced.stop()
    assert paced.failure is None


def test_priming_compiles_for_every_site() -> None:
    prime()


def test_a_copy_of_the_state_is_of_one_scan(engine: Engine) -> None:
    push(engine, 45.0)
    until(lambda: engine.snapshot().value[0] == 45.0)
    copies = [engine.copy_state() for _ in range(3)]
    scans = []
    for copy in copies:
        arrays = engine.tables.arena.arrays(copy.block)
        counters = arrays["counters"][0]
        assert counters["scanned_ns"] == copy.moment.monotonic_ns
        assert arrays["image.value"][0] == 45.0
        assert copy.moment.inbox == 1
        scans.append(int(counters["scan"]))
    assert scans == sorted(set(scans))
    assert engine.running


def test_an_engine_that_hands_over_leaves_its_outputs_as_they_are(engine: Engine) -> None:
    push(engine, 45.0)
    until(lambda: engine.counters()["armed"] == 1 and len(engine.outputs) > 1)
    engine.hand_over()
    assert not engine.running
    assert engine.counters()["armed"] == 1
    assert s.OUTPUT_SAFE not in engine.outputs.pop(10_000)["reason"].tolist()
    with pytest.raises(EngineError, match="does not scan"):
        engine.copy_state()
    assert engine.stop() == 0
