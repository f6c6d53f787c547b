"""The PID law against the textbook and against closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from control import signal as s
from control.kernels import parameters, pid
from control.kernels.jit import kernel
from control.rings import Rows
from control.shaping_state import Shaping
from control.state import Loops, State
from tests.unit.control.oracle import Pid
from tests.unit.control.plant import Plant, site

TAGS: dict[str, dict[str, Any]] = {"pv": {}, "out": {"access": "read_write"}}


@kernel
def follow(loops: Loops, i: int, value: float) -> None:
    pid.follow(loops, i, value)


@kernel
def tune(loops: Loops, shaping: Shaping, groups: Rows, parameter: int, value: float) -> int:
    return parameters.set_parameter(loops, shaping, groups, 0, parameter, value)


def retune(state: State, values: dict[int, float]) -> None:
    for parameter, value in values.items():
        assert tune(state.loops, state.shaping, state.groups, parameter, value) == 0


def loops_of(**loop: Any) -> Loops:
    """Return the columns of one loop, ready to follow the law from output 0 at rest."""
    return state_of(**loop).loops


def state_of(**loop: Any) -> State:
    """Return the state of a plant with one loop, ready to follow the law from output 0 at rest."""
    given = {"pv": "u/pv", "output": "u/out", "kp": 1.0, "sp": 0.0, "safe_output": 0.0} | loop
    state = Plant(site(TAGS, loops={"l": given})).state
    loops = state.loops
    loops.y[0] = 0.0
    follow(loops, 0, 0.0)
    loops.weighted[0] = loops.c[0] * loops.sp[0]
    loops.track[0] = pid.TRACK_LAW
    return state


def execute(loops: Loops, sp: float, y: float, step_s: float = 0.1) -> float:
    loops.sp[0], loops.y[0] = sp, y
    pid.execute(loops, 0, 1, step_s)
    return float(loops.output[0])


def duration(seconds: float) -> str:
    return f"{seconds} s"


PARAMETERS: list[dict[str, Any]] = [
    {"kp": 2.0},
    {"kp": 2.0, "bias": 3.0},
    {"kp": 2.0, "ti": 4.0},
    {"kp": 2.0, "ti": 4.0, "b": 0.3},
    {"kp": 2.0, "td": 1.5},
    {"kp": 2.0, "ti": 4.0, "td": 0.8, "n": 5.0},
    {"kp": 2.0, "ti": 4.0, "td": 0.8, "b": 0.0, "c": 1.0},
    {"kp": 2.0, "ti": 4.0, "out_low": -3.0, "out_high": 2.0},
    {"kp": 2.0, "ti": 4.0, "td": 0.8, "out_low": -3.0, "out_high": 2.0, "out_rate": 1.7, "tt": 0.5},
    {"kp": 9.0, "ti": 0.05, "tt": 0.01, "out_low": -3.0, "out_high": 2.0},
    {"kp": 2.0, "ti": 4.0, "action": "direct"},
]


@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_the_kernel_is_the_textbook(parameters: dict[str, Any]) -> None:
    times = {name: duration(parameters[name]) for name in ("ti", "td", "tt") if name in parameters}
    loops = loops_of(**parameters | times)
    gain = -parameters["kp"] if parameters.get("action") == "direct" else parameters["kp"]
    names = {"out_low": "low", "out_high": "high", "out_rate": "rate"}
    book = Pid(
        k=gain,
        **{names.get(name, name): v for name, v in parameters.items() if name not in {"kp", "action"}},
    )
    book.track(0.0, 0.0, 0.0)
    random = np.random.default_rng(7)
    sp = y = 0.0
    for step in range(400):
        sp = float(random.normal()) if step % 40 == 0 else sp
        y += 0.1 * float(random.normal())
        step_s = float(random.uniform(0.05, 0.2))
        assert execute(loops, sp, y, step_s) == pytest.approx(book.execute(sp, y, step_s), rel=1e-9, abs=1e-9)


def test_proportional_action_is_exact_and_has_no_memory() -> None:
    loops = loops_of(kp=3.0)
    loops.integral[0] = 0.0
    assert execute(loops, 2.0, 0.5) == 3.0 * 1.5
    assert execute(loops, 0.0, 0.0) == 0.0


def test_integral_action_repeats_the_proportional_in_ti() -> None:
    loops = loops_of(kp=2.0, ti="8 s")
    outputs = [execute(loops, 1.0, 0.0, 0.01) for _ in range(801)]
    assert outputs[0] == pytest.approx(2.0)
    assert outputs[800] == pytest.approx(4.0)


def test_derivative_of_a_ramp_is_kp_td_slope() -> None:
    loops = loops_of(kp=2.0, td="3 s", n=10.0, tt="1000000 s")
    output = 0.0
    for step in range(1, 401):
        output = execute(loops, 0.0, 0.5 * step * 0.01, 0.01)
    assert output - 2.0 * (0.0 - loops.y[0]) == pytest.approx(-2.0 * 3.0 * 0.5, rel=1e-5)


def test_derivative_of_a_step_decays_with_td_over_n() -> None:
    loops = loops_of(kp=2.0, td="3 s", n=10.0, tt="1000000 s")
    execute(loops, 0.0, 1.0, 0.0005)
    first = float(loops.derivative[0])
    assert first == pytest.approx(-2.0 * 10.0, rel=2e-3)
    for _ in range(600):
        execute(loops, 0.0, 1.0, 0.0005)
    assert loops.derivative[0] / first == pytest.approx(math.exp(-1.0), rel=2e-3)


def test_no_integral_and_no_set_point_weight() -> None:
    loops = loops_of(kp=2.0, ti="0 s", b=0.0, c=0.0, bias=5.0)
    loops.integral[0] = 0.0
    assert execute(loops, 100.0, 1.0) == 5.0 - 2.0 * 1.0
    for _ in range(1000):
        output = execute(loops, 100.0, 1.0)
    assert output == 3.0


def test_offset_of_a_bumpless_transfer_fades_without_integral_action() -> None:
    loops = loops_of(kp=1.0, tt="5 s")
    follow(loops, 0, 40.0)
    outputs = [execute(loops, 0.0, 0.0, 0.1) for _ in range(2001)]
    assert outputs[0] == pytest.approx(40.0)
    assert outputs[50] == pytest.approx(40.0 * (1 - 0.1 / 5) ** 50)
    assert abs(outputs[2000]) < 1e-12


def test_windup_is_left_within_the_tracking_time() -> None:
    loops = loops_of(kp=1.0, ti="10 s", tt="2 s", out_low=-1.0, out_high=1.0)
    for _ in range(10_000):
        assert execute(loops, 100.0, 0.0, 0.1) == 1.0
    # The integral settles where the pull of the limit balances the error: not at 10,000 seconds' worth.
    assert abs(loops.integral[0]) < 100.0 + 1.0 + 2.0 / 10.0 * 100.0
    steps = 0
    while execute(loops, -2.0, 0.0, 0.1) > 0.0:
        steps += 1
    assert steps * 0.1 < 2 * 2.0


def test_rate_is_what_is_really_applied() -> None:
    loops = loops_of(kp=1.0, ti="10 s", out_rate=0.5)
    outputs = [0.0] + [execute(loops, 10.0, 0.0, 0.1) for _ in range(50)]
    assert np.diff(outputs) == pytest.approx(0.05)


@pytest.mark.parametrize("track", [pid.TRACK_GOAL, pid.TRACK_DIRECT])
@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_return_to_the_law_does_not_bump(parameters: dict[str, Any], track: int) -> None:
    times = {name: duration(parameters[name]) for name in ("ti", "td", "tt") if name in parameters}
    loops = loops_of(**parameters | times)
    for step in range(30):
        execute(loops, 1.0, 0.05 * step)
    loops.track[0], loops.goal[0] = track, 1.25
    for _ in range(200):
        execute(loops, 1.0, 1.5)
    assert loops.output[0] == 1.25
    loops.track[0] = pid.TRACK_LAW
    drift = abs(parameters["kp"]) * 0.5 * 0.1 / parameters.get("ti", math.inf)
    assert abs(execute(loops, 1.0, 1.5) - 1.25) <= drift + 1e-9


def test_every_parameter_changes_without_a_bump() -> None:
    state = state_of(kp=2.0, ti="40 s", td="2 s", bias=1.0)
    loops = state.loops
    for step in range(100):
        execute(loops, 3.0, 0.01 * step)
    y = float(loops.y[0])
    changes: list[dict[int, float]] = [
        {s.TUNE_KP: 5.0},
        {s.TUNE_TD: 9.0, s.TUNE_N: 3.0, s.TUNE_B: 0.2, s.TUNE_C: 1.0, s.TUNE_BIAS: -7.0},
        {s.TUNE_KP: 0.1, s.TUNE_TD: 0.0, s.TUNE_B: 0.0, s.TUNE_C: 0.0, s.TUNE_BIAS: 0.0},
    ]
    for change in changes:
        for _ in range(400):
            before = execute(loops, 3.0, y)
        gain = max(float(loops.kp[0]), change.get(s.TUNE_KP, 0.0))
        retune(state, change)
        after = execute(loops, 3.0, y)
        assert abs(after - before) <= 1.01 * gain * (3.0 - y) * 0.1 / 40.0


def test_change_of_td_finds_no_old_derivative() -> None:
    state = state_of(kp=2.0, ti="40 s", td="0 s")
    loops = state.loops
    for step in range(100):
        before = execute(loops, 3.0, 0.5 * step)
    for _ in range(3):
        before = execute(loops, 3.0, 50.0)
    retune(state, {s.TUNE_TD: 10.0})
    assert execute(loops, 3.0, 50.0) == pytest.approx(before, abs=2.1 * 47.0 * 0.1 / 40.0 * 2.0)


def test_absurd_values_do_not_stay() -> None:
    loops = loops_of(kp=1e12, ti="0.001 s", td="100 s", out_low=0.0, out_high=1.0)
    with np.errstate(all="ignore"):
        for y in (1e308, -1e308, 0.0, 1e308):
            assert 0.0 <= execute(loops, -1e308, y) <= 1.0
    assert math.isfinite(loops.integral[0])
    assert math.isfinite(loops.derivative[0])
