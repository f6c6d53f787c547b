"""Relay tests in a configuration: their bounds must fit the loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.writing import loaded, told, unit

_BODY = """\
tags:
  temp.pv: {{device: ua, unit: degC, low: 0, high: 60, address: {{identifier: T}}}}
  valve.out: {{device: ua, unit: "%", low: 0, high: 100, access: read_write, address: {{identifier: V}}}}
loops:
  temp:
    pv: temp.pv
    output: valve.out
    kp: 1
    sp: 37 degC
    autotune: {{ amplitude: {amplitude}, hysteresis: {hysteresis}, max_deviation: {deviation}, timeout: 1 h }}
"""


def body(amplitude: str = "10 %", hysteresis: str = "0.1 K", deviation: str = "1 K") -> str:
    return unit(_BODY.format(amplitude=amplitude, hysteresis=hysteresis, deviation=deviation))


def test_bounds_that_fit(tmp_path: Path) -> None:
    test = loaded(tmp_path, body()).site.loops["br1/temp"].autotune
    assert test is not None
    assert (test.amplitude.magnitude, test.asymmetry, test.cycles, test.timeout) == (10.0, 1.5, 3, 3600.0)


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"amplitude": "60 %"}, "not more than 0 and at most half of the output's range"),
        ({"amplitude": "0 %"}, "not more than 0 and at most half of the output's range"),
        ({"hysteresis": "-0.1 K"}, "-0.1 K is negative"),
        ({"deviation": "0.1 K"}, "is not more than twice the hysteresis"),
        ({"amplitude": "1 bar"}, "cannot be converted"),
    ],
)
def test_bounds_that_do_not(tmp_path: Path, bounds: dict[str, str], message: str) -> None:
    assert any(message in text for text in told(tmp_path, body(**bounds)))
