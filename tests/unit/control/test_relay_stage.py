"""Relay tests in the scan: who may start one, what ends it, and that nothing bumps."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import pytest

from control import signal as s
from control.logic_signal import ENTER_PHASE
from control.logic_tables import phase_code
from control.relay_layout import (
    ABORT_BAD_PV,
    ABORT_DEVIATION,
    ABORT_GAP,
    ABORT_INTERLOCK,
    ABORT_MODE,
    ABORT_NOT_WRITTEN,
    ABORT_STOPPED,
    ABORT_TIMEOUT,
    RELAY_ABORTED,
    RELAY_FINISHED,
    RELAY_RUNNING,
)
from gateway.tuning.identification import model_of
from gateway.tuning.model import Lag
from tests.unit.control.loop_plant import output, plant
from tests.unit.control.plant import Plant, answered
from tests.unit.control.relay_plant import measured

TEST: dict[str, Any] = {"amplitude": 6, "hysteresis": 0.1, "max_deviation": 8, "timeout": "300 s"}


class Process:
    """A lag of 4 s behind a delay of 1 s, gain 1, under a loop in the scan."""

    def __init__(self, **loop: Any) -> None:
        settings: dict[str, Any] = {"kp": 1.0, "ti": "5 s", "sp": 50, "autotune": TEST} | loop
        self.plant: Plant = plant(**settings)
        self.y = 50.0
        self._inside = deque([50.0] * 10)
        self.outputs: list[float] = []
        self.follow(60)
        self.plant.transitions.pop(1000)

    @property
    def row(self) -> Any:
        return self.plant.state.relays[0]

    def follow(self, scans: int, **inputs: float) -> None:
        for _ in range(scans):
            self.plant.scan(pv=self.y, trip=inputs.get("trip", 0.0))
            self.outputs.append(output(self.plant))
            self._inside.append(self.outputs[-1])
            self.y += (self._inside.popleft() - self.y) * (1 - np.exp(-0.1 / 4.0))

    def settle(self) -> None:
        self.follow(600)
        self.plant.transitions.pop(1000)
        assert abs(self.y - 50.0) < 0.05

    def start(self, value: float = 0.0) -> int:
        self.plant.command(s.START_RELAY, value=value)
        self.follow(1)
        row = self.plant.transitions.pop(1000)[-1]
        return answered(row)

    def steps(self) -> float:
        """Return the largest change of the output in one scan so far."""
        return float(np.abs(np.diff(self.outputs)).max())


@pytest.fixture
def process() -> Process:
    made = Process()
    made.settle()
    made.outputs.clear()
    return made


def test_a_test_swings_measures_and_returns_without_a_bump(process: Process) -> None:
    rest = output(process.plant)
    assert process.start() == 0
    assert process.plant.value("l.mode") == s.MODE_TUNING
    for _ in range(3000):
        process.follow(1)
        if process.row["state"] != RELAY_RUNNING:
            break
    assert process.row["state"] == RELAY_FINISHED
    assert max(process.outputs) == pytest.approx(rest + 6.0)
    assert min(process.outputs) == pytest.approx(rest - 4.0)
    model = model_of(measured(process.plant.state.relays))
    assert isinstance(model, Lag)
    assert (model.gain, model.lag_s) == pytest.approx((1.0, 4.0), rel=0.05)
    assert model.delay_s == pytest.approx(1.1, rel=0.05)
    process.follow(2)
    assert output(process.plant) == pytest.approx(rest, abs=0.3)
    assert process.plant.value("l.mode") == s.MODE_AUTO
    begun, ended = process.plant.transitions.pop(10)[-2:], process.plant.counter("testing")
    assert [int(row["after"]) for row in begun if row["kind"] == s.KIND_RELAY][-1] == RELAY_FINISHED
    assert ended == 0
    process.outputs.clear()
    process.follow(100)
    assert process.steps() < 1.0


def test_the_output_keeps_its_rate_on_the_way_back() -> None:
    process = Process(out_rate=5)
    process.settle()
    process.outputs.clear()
    assert process.start() == 0
    process.follow(1500)
    assert process.row["state"] == RELAY_FINISHED
    assert process.steps() <= 0.5 + 1e-9
    assert process.plant.value("l.mode") == s.MODE_AUTO


def _deviate(process: Process) -> None:
    process.y = 60.0


def _spoil(process: Process) -> None:
    process.plant.sample("pv", 50.0, s.BAD | s.SENSOR)
    process.plant.scan()


ENDS = {
    "deviation": (_deviate, ABORT_DEVIATION),
    "bad PV": (_spoil, ABORT_BAD_PV),
    "mode": (lambda p: p.plant.command(s.SET_MODE, value=s.MODE_MANUAL), ABORT_MODE),
    "auto": (lambda p: p.plant.command(s.SET_MODE, value=s.MODE_AUTO), ABORT_MODE),
    "interlock": (lambda p: p.follow(1, trip=1.0), ABORT_INTERLOCK),
    "disarmed": (lambda p: p.plant.command(s.ARM, value=0.0), ABORT_NOT_WRITTEN),
    "stopped": (lambda p: p.plant.command(s.STOP_RELAY), ABORT_STOPPED),
    "gap": (lambda p: p.plant.scan(step_ns=10**9, pv=p.y), ABORT_GAP),
    "time": (lambda p: p.row.__setitem__("elapsed_s", 299.95), ABORT_TIMEOUT),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_a_test(process: Process, end: str) -> None:
    assert process.start() == 0
    process.follow(8)
    assert process.row["state"] == RELAY_RUNNING
    act, cause = ENDS[end]
    act(process)
    process.follow(2)
    assert (process.row["state"], process.row["cause"]) == (RELAY_ABORTED, cause)
    rows = process.plant.transitions.pop(100)
    told = rows[rows["kind"] == s.KIND_RELAY]
    assert [(int(row["after"]), int(row["cause"])) for row in told] == [(RELAY_ABORTED, cause)]
    process.follow(5)
    assert process.plant.state.loops.row[0]["tested"] == 0
    assert process.plant.counter("testing") == 0
    shown = {"mode": s.MODE_MANUAL, "disarmed": s.MODE_TRACKING}.get(end, s.MODE_AUTO)
    assert process.plant.value("l.mode") == shown


def test_who_may_not_be_tested(process: Process) -> None:
    assert process.start(value=7.0) == s.REFUSED_RANGE
    assert process.start(value=-1.0) == s.REFUSED_RANGE
    assert answered(process.plant.ask(s.STOP_RELAY)) == s.REFUSED_STATE
    assert answered(process.plant.ask(s.START_RELAY, index=5)) == s.REFUSED_INVALID
    process.plant.ask(s.SET_MODE, value=s.MODE_MANUAL)
    assert process.start() == s.REFUSED_MODE
    process.plant.ask(s.SET_MODE, value=s.MODE_AUTO)
    process.follow(100)
    process.plant.ask(s.SET_POINT, value=58.0)
    assert process.start() == s.REFUSED_DEVIATION
    process.plant.ask(s.SET_POINT, value=50.0)
    process.follow(600)
    assert process.start(value=3.0) == 0
    assert process.start() == s.REFUSED_STATE
    process.outputs.clear()
    process.follow(100)
    assert max(process.outputs) - min(process.outputs) == pytest.approx(5.0)


def test_a_step_that_leaves_the_limits_is_refused() -> None:
    process = Process(out_high=54)
    process.settle()
    assert process.start() == s.REFUSED_RANGE


def test_a_loop_without_bounds_is_never_tested() -> None:
    process = Process(autotune=None)
    assert len(process.plant.state.relays) == 0
    assert process.start() == s.REFUSED_INVALID


def test_nothing_moves_the_set_point_of_a_loop_under_test() -> None:
    profile = {"loop": "u/l", "phases": ["warm"], "segments": [{"ramp_to": 60, "rate": 1.0}]}
    process = Process(profiles={"p": profile})
    process.settle()
    ask = process.plant.ask
    assert ask(s.RUN_PROFILE, value=s.PROFILE_START)["kind"] == s.KIND_PROFILE
    assert process.start() == s.REFUSED_PROFILE
    assert ask(s.RUN_PROFILE, value=s.PROFILE_HOLD)["kind"] == s.KIND_PROFILE
    assert process.start() == s.REFUSED_PROFILE
    ask(s.RUN_PROFILE, value=s.PROFILE_ABORT)
    ask(s.SET_POINT, value=50.0)
    process.settle()
    assert process.start() == 0
    assert ask(s.RUN_PROFILE, value=s.PROFILE_START)["cause"] == s.REFUSED_TESTED
    assert ask(s.SET_POINT, value=51.0)["cause"] == s.REFUSED_TESTED
    ask(ENTER_PHASE, value=phase_code("warm"))
    process.follow(20)
    loops = process.plant.state.loops
    assert (loops.row[0]["tested"], loops.row[0]["profiled"], loops.target[0]) == (1, 0, 50.0)
    ask(s.STOP_RELAY)
    process.follow(20)
    assert (loops.row[0]["tested"], loops.row[0]["profiled"]) == (0, 1)
    assert loops.target[0] > 50.0


def test_an_announcement_waits_for_room(process: Process) -> None:
    assert process.start() == 0
    process.plant.transitions.push(np.zeros(process.plant.transitions.capacity, s.TRANSITION))
    _deviate(process)
    process.follow(3)
    assert process.plant.counter("transitions_deferred") > 0
    process.plant.transitions.pop(10_000)
    process.follow(1)
    assert process.plant.transitions.pop(10)["kind"].tolist() == [s.KIND_RELAY]
