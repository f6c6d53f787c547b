"""Linear processes around the production law: many closed loops at once, and their robustness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.signal import cont2discrete

from control.image import Image
from control.kernels import pid
from control.kernels.jit import kernel
from control.kernels.shaping import execute_shaped
from control.shaping_state import Shaping
from control.state import Loops, State
from tests.unit.control.plant import Plant, site

Reals = npt.NDArray[np.float64]
STATES = 8


@dataclass(frozen=True)
class Process:
    """numerator / denominator * exp(-delay s), coefficients from the highest power."""

    numerator: Sequence[float]
    denominator: Sequence[float]
    delay: float = 0.0

    def at(self, s: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
        """Return the frequency response."""
        rational = np.polyval(self.numerator, s) / np.polyval(self.denominator, s)
        response: npt.NDArray[np.complex128] = rational * np.exp(-self.delay * s)
        return response


def lags(*times: float) -> list[float]:
    """Return the polynomial of (t1 s + 1) (t2 s + 1) …; a time of 0 stands for s itself."""
    polynomial = np.array([1.0])
    for time in times:
        polynomial = np.polymul(polynomial, [time, 1.0] if time else [1.0, 0.0])
    return [float(coefficient) for coefficient in polynomial]


@dataclass(frozen=True)
class Case:
    """A process, the parameters of its loop in ISA form, and what acts on it."""

    process: Process
    loop: dict[str, Any] = field(default_factory=dict)
    load: bool = False
    """A unit step at the input of the process; otherwise one of the set-point."""


class Response(NamedTuple):
    """Integral of the absolute error, and total variation of the output."""

    iae: float
    travel: float


def state_of(cases: Sequence[Case]) -> State:
    """Return the state of the cases' loops, in auto, at rest."""
    tags: dict[str, dict[str, Any]] = {}
    loops: dict[str, Any] = {}
    for n, case in enumerate(cases):
        tags |= {f"pv{n}": {}, f"out{n}": {"access": "read_write"}}
        common = {"pv": f"u/pv{n}", "output": f"u/out{n}", "safe_output": 0.0, "sp": 0.0}
        loops[f"l{n}"] = common | case.loop
    state = Plant(site(tags, loops=loops)).state
    columns = state.loops
    columns.track[:] = pid.TRACK_LAW
    columns.sp[:] = columns.target[:] = [0.0 if cases[n].load else 1.0 for n in columns.row["id"]]
    columns.integral[:] = 0.0
    state.shaping.filtered[:] = 0.0
    return state


def respond(cases: Sequence[Case], step_s: float, for_s: float) -> list[Response]:
    """Simulate all cases with the production law, the processes held between executions."""
    state, count = state_of(cases), len(cases)
    order = state.loops.row["id"].tolist()
    a, b = np.zeros((count, STATES, STATES)), np.zeros((count, STATES))
    c, d, x = np.zeros((count, STATES)), np.zeros(count), np.zeros((count, STATES))
    for n, process in enumerate(cases[k].process for k in order):
        states = len(process.denominator) - 1
        if states == 0:
            d[n] = process.numerator[0] / process.denominator[0]
            continue
        numerator = np.concatenate([np.zeros(states + 1 - len(process.numerator)), process.numerator])
        space = _space(numerator, np.asarray(process.denominator, float))
        discrete = cont2discrete(space, step_s)
        a[n, :states, :states], b[n, :states] = discrete[0], discrete[1][:, 0]
        c[n, :states], d[n] = discrete[2][0], discrete[3][0, 0]
    delays = np.array([round(cases[k].process.delay / step_s) for k in order])
    past = np.zeros((count, int(delays.max()) + 1))
    load = np.array([1.0 if cases[k].load else 0.0 for k in order])
    iae, travel = np.zeros(count), np.zeros(count)
    before = np.zeros(count)
    _simulate(
        state.loops,
        state.shaping,
        state.image,
        a,
        b,
        c,
        d,
        x,
        delays,
        past,
        load,
        before,
        round(for_s / step_s),
        step_s,
        iae,
        travel,
    )
    rows = {k: Response(float(iae[n]), float(travel[n])) for n, k in enumerate(order)}
    return [rows[n] for n in range(count)]


def _space(numerator: Reals, denominator: Reals) -> tuple[Reals, Reals, Reals, Reals]:
    """Return the controllable canonical form of a transfer function with as many coefficients each."""
    order = len(denominator) - 1
    numerator, denominator = numerator / denominator[0], denominator / denominator[0]
    a = np.eye(order, k=-1)
    a[0] = -denominator[1:]
    direct = float(numerator[0])
    return a, np.eye(order, 1), (numerator[1:] - direct * denominator[1:])[None, :], np.array([[direct]])


@kernel
def _simulate(
    loops: Loops, shaping: Shaping, image: Image, a: Reals, b: Reals, c: Reals, d: Reals, x: Reals,
    delays: npt.NDArray[np.int64],
    past: Reals, load: Reals, before: Reals, steps: int, step_s: float, iae: Reals, travel: Reals,
) -> None:  # fmt: skip
    count, room = past.shape
    for k in range(steps):
        for i in range(count):
            y = d[i] * past[i, (k - 1 - delays[i]) % room]
            for row in range(STATES):
                y += c[i, row] * x[i, row]
            loops.y[i] = y
            iae[i] += abs(loops.sp[i] - y) * step_s
            before[i] = loops.output[i]
        execute_shaped(loops, shaping, image, 0, count, step_s)
        for i in range(count):
            travel[i] += abs(loops.output[i] - before[i])
            past[i, k % room] = loops.output[i] + load[i]
            _advance(x[i], a[i], b[i], past[i, (k - delays[i]) % room])


@kernel
def _advance(x: Reals, a: Reals, b: Reals, u: float) -> None:
    """x = a x + b u, for a in companion form after its exponential: in place, with a copy in registers."""
    x0, x1, x2, x3, x4, x5, x6, x7 = x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
    for row in range(STATES):
        x[row] = (
            a[row, 0] * x0 + a[row, 1] * x1 + a[row, 2] * x2 + a[row, 3] * x3
            + a[row, 4] * x4 + a[row, 5] * x5 + a[row, 6] * x6 + a[row, 7] * x7 + b[row] * u
        )  # fmt: skip


def sensitivity(case: Case) -> float:
    """Return Ms, the largest |1 / (1 + P C)| over frequency, with the parameters that the law runs on."""
    state = state_of([case])
    loops, filter_s = state.loops, float(state.shaping.filter_s[0])
    s = np.asarray(1j * np.logspace(-4, 4, 40_000), np.complex128)
    kp, ki, td, n = (float(column[0]) for column in (loops.kp, loops.ki, loops.td, loops.n))
    law = (kp + ki / s + kp * td * s / (1.0 + td / n * s)) / (1.0 + filter_s * s)
    return float(np.max(1.0 / np.abs(1.0 + case.process.at(s) * law)))
