"""The production law gives the numbers that are published for it.

Settings by SIMC on the processes of Skogestad, "Simple analytic rules for model reduction and PID
controller tuning" (2003): robustness, error and effort for unit steps of set-point and load. Settings
by AMIGO on the processes of Astrom and Hagglund, "Advanced PID Control" (2006): robustness.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any, NamedTuple

import orjson
import pytest

from control.kernels.jit import COMPILING
from tests.unit.control.closed_loop import Case, Process, Response, lags, respond, sensitivity

WITHIN = 0.02


class Row(NamedTuple):
    name: str
    process: Process
    loop: dict[str, Any]
    ms: float
    set_point: tuple[float, float]
    load: tuple[float, float]


def pi(kc: float, ti: float) -> dict[str, Any]:
    return {"kp": kc, "ti": ti}


def integral(ki: float) -> dict[str, Any]:
    return {"kp": ki, "ti": 1.0, "structure": "i"}


def series(kc: float, ti: float, td: float) -> dict[str, Any]:
    """Return Kc (1 + 1/(ti s)) (r - y (td s + 1) / (td/10 s + 1)) in ISA form.

    The filter is over the whole PV. A tenth of td gives the published numbers; with a hundredth the
    effort is 4 % less, by our law and by a simulation that shares nothing with it.
    """
    factor = 1.0 + td / ti
    ti_isa, td_isa = ti + td, ti * td / (ti + td)
    return {
        "kp": kc * factor,
        "ti": ti_isa,
        "td": td_isa,
        "b": 1.0 / factor,
        "n": 100.0,
        "pv_filter": td / 10.0,
    }


DELAY = Process([1.0], [1.0], 1.0)
E2 = Process([-0.024, -0.22, 1.0], lags(2.0, 1.0, 0.4, 0.2, 0.05, 0.05, 0.05))
E6 = Process(lags(0.17, 0.17), lags(0.0, 1.0, 1.0, 0.028))
E11 = Process([-1.0, 1.0], lags(6.0, 2.0, 2.0), 1.0)
LAGS4 = Process([1.0], lags(1.0, 1.0, 1.0, 1.0))

ROWS = [
    Row("delay", DELAY, integral(0.5), 1.59, (2.17, 1.08), (2.17, 1.08)),
    Row("lag 1", Process([1.0], lags(1.0), 1.0), pi(0.5, 1.0), 1.59, (2.17, 1.26), (2.04, 1.09)),
    Row("lag 8", Process([1.0], lags(8.0), 1.0), pi(4.0, 8.0), 1.59, (2.17, 8.29), (2.00, 1.08)),
    Row("integrating", Process([1.0], lags(0.0), 1.0), pi(0.5, 8.0), 1.70, (3.92, 1.22), (16.0, 1.56)),
    Row("E1 PI", Process([1.0], lags(1.0, 0.2)), pi(5.5, 0.8), 1.56, (0.36, 12.7), (0.145, 1.55)),
    Row("E2 PI", E2, pi(0.85, 2.5), 1.66, (3.57, 1.90), (2.97, 1.26)),
    Row("E4 PI", LAGS4, pi(0.3, 1.5), 1.46, (5.59, 1.15), (5.40, 1.10)),
    Row("E4 PID", LAGS4, series(0.5, 1.5, 1.0), 1.44, (4.35, 1.32), (3.20, 1.15)),
    Row("E6 PI", E6, pi(0.296, 13.5), 1.48, (6.50, 0.67), (45.6, 1.55)),
    Row("E7 PI", Process([-2.0, 1.0], lags(1.0, 1.0, 1.0)), pi(0.214, 1.5), 1.66, (7.28, 1.05), (8.34, 1.28)),
    Row("E9 PI", Process([1.0], lags(1.0, 1.0), 1.0), pi(0.5, 1.5), 1.61, (3.38, 1.32), (3.14, 1.15)),
    Row("E11 PI", E11, pi(0.7, 7.0), 1.63, (11.5, 1.59), (10.1, 1.20)),
    Row("E14 PI", Process([-1.0, 1.0], lags(0.0)), pi(0.5, 8.0), 2.00, (3.59, 2.02), (17.3, 3.36)),
]  # fmt: skip


def in_seconds(loop: dict[str, Any]) -> dict[str, Any]:
    return {
        name: f"{value} s" if name in ("ti", "td", "pv_filter") else value for name, value in loop.items()
    }


def simulated() -> list[Response]:
    """Return the responses of all rows, each to a step of set-point and of load."""
    cases = [Case(row.process, in_seconds(row.loop), load) for row in ROWS for load in (False, True)]
    return respond(cases, 0.001, 250.0)


@pytest.fixture(scope="module")
def responses() -> dict[str, list[Response]]:
    """Return the responses by row; six million executions are compiled ones in any mode."""
    found = simulated() if COMPILING else _simulated_elsewhere()
    return {row.name: found[2 * n : 2 * n + 2] for n, row in enumerate(ROWS)}


def _simulated_elsewhere() -> list[Response]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    command = [sys.executable, "-m", "tests.unit.control.test_published"]
    answer = subprocess.run(command, env=environment, check=True, capture_output=True)
    return [Response(*pair) for pair in orjson.loads(answer.stdout)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_error_and_effort(row: Row, responses: dict[str, Any]) -> None:
    set_point, load = responses[row.name]
    assert set_point == pytest.approx(row.set_point, rel=WITHIN)
    assert load == pytest.approx(row.load, rel=WITHIN)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_robustness(row: Row) -> None:
    """The published Ms is that of the controller without a filter on its PV."""
    loop = {name: value for name, value in in_seconds(row.loop).items() if name != "pv_filter"}
    assert sensitivity(Case(row.process, loop)) == pytest.approx(row.ms, rel=WITHIN)


@pytest.mark.parametrize("row", [row for row in ROWS if row.loop.get("b") is None], ids=lambda row: row.name)
def test_a_load_costs_ti_over_kp(row: Row, responses: dict[str, Any]) -> None:
    """The integral of the error is Ti/Kp exactly; where the error keeps its sign that is the IAE."""
    exact = row.loop["ti"] / row.loop["kp"]
    _, load = responses[row.name]
    if row.load[0] < 1.005 * exact:
        assert load.iae == pytest.approx(exact, rel=0.005)
    else:
        assert load.iae > exact


AMIGO_LAGS = Process([1.0], lags(1.0, 0.1, 0.01, 0.001))
AMIGO_DELAY = Process([1.0], lags(0.05, 0.05), 1.0)


@pytest.mark.parametrize(
    ("process", "loop", "ms"),
    [
        (AMIGO_LAGS, {"kp": 4.13, "ti": 0.539}, 1.37),
        (AMIGO_LAGS, {"kp": 6.44, "ti": 0.361, "td": 0.0367}, 1.30),
        (LAGS4, {"kp": 0.414, "ti": 2.66}, 1.32),
        (LAGS4, {"kp": 1.12, "ti": 2.40, "td": 0.619}, 1.63),
        (AMIGO_DELAY, {"kp": 0.175, "ti": 0.367}, 1.46),
        (AMIGO_DELAY, {"kp": 0.242, "ti": 0.474, "td": 0.119}, 1.47),
    ],
)
def test_robustness_of_amigo(process: Process, loop: dict[str, Any], ms: float) -> None:
    assert sensitivity(Case(process, in_seconds(loop))) == pytest.approx(ms, rel=WITHIN)


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(simulated()))
