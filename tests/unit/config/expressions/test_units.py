"""Units: what comes out of an expression, and by how much values are converted on the way."""

from __future__ import annotations

import pytest

from config.expressions import Operand, check, parse
from config.quantities import Quantity
from config.tags import TagKind
from tests.expressions.rig import Rig

_UNITS = {
    "t1": "degC", "t2": "degC", "tf": "degF", "tk": "K", "flow": "L/min", "slow": "mL/h", "vol": "L",
    "small": "mL", "level": "%", "mass": "kg", "power": "kW", "count": "", "ratio": "mol/mol", "acid": "pH",
    "speed": "rpm",
}  # fmt: skip
_TAGS = {name: Operand(unit=unit) for name, unit in _UNITS.items()} | {"run": Operand(TagKind.BOOL)}
_VALUES = {
    "t1": 30.0, "t2": 20.0, "tf": 50.0, "tk": 300.0, "flow": 6.0, "slow": 60.0, "vol": 2.0, "small": 500.0,
    "level": 50.0, "mass": 3.0, "power": 1.5, "count": 7.0, "ratio": 0.2, "acid": 7.0, "speed": 120.0,
    "run": 1.0,
}  # fmt: skip


def evaluated(text: str, unit: str = "") -> float:
    return Rig(text, _TAGS, unit=unit).step(**_VALUES).value


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("vol + small", "L", 2.5),
        ("small + vol", "mL", 2500.0),
        ("vol - 250 mL", "L", 1.75),
        ("vol + 1", "L", 3.0),
        ("1 + vol", "L", 3.0),
        ("2 * vol", "L", 4.0),
        ("vol / flow", "min", 1 / 3),
        ("flow * 30 s", "L", 3.0),
        ("slow * 1 min", "mL", 1.0),
        ("1 / flow", "min/L", 1 / 6),
        ("vol / small", "", 4.0),
        ("level * vol", "L", 1.0),
        ("level / 1", "%", 50.0),
        ("level * level", "", 0.25),
        ("vol ^ 2", "L^2", 4.0),
        ("sqrt(vol * vol)", "L", 2.0),
        ("count * vol", None, 14.0),
        ("count + vol", "L", 9.0),
        ("t1 - t2", "delta_degC", 10.0),
        ("t1 - tf", "delta_degC", 20.0),
        ("tk - t1", "K", 300.0 - 303.15),
        ("t1 + 2 K", "degC", 32.0),
        ("2 K + t1", "degC", 32.0),
        ("t1 - 2 K", "degC", 28.0),
        ("t1 + 2", "degC", 32.0),
        ("t1 - 2", None, 28.0),
        ("t1 * 1.02", None, 30.6),
        ("-5 degC + 2 K", "degC", -3.0),
        ("mean(t1, tf)", "degC", 20.0),
        ("max(t1, 300 K)", "degC", 30.0),
        ("limit(vol, 0 mL, 1500 mL)", "L", 1.5),
        ("if run then vol else small", "L", 2.0),
        ("value_or(vol, 3)", "L", 2.0),
        ("abs(t2 - t1)", "delta_degC", 10.0),
        ("exp(level)", None, 1.6487212707001282),
        ("plain(t1 in K)", None, 303.15),
        ("t1 in degF", "degF", 86.0),
        ("count in L", "L", 7.0),
        ("mod(vol, 1500 mL)", "L", 0.5),
        ("interp(small, [0, 1] L, [0, 10] kg)", "kg", 5.0),
        ("interp(count, [0, 10], [0, 10]) * vol", "L", 14.0),
        ("power * 1 h", "kW*h", 1.5),
        ("mass / vol", "kg/L", 1.5),
        ("median(vol, small, 3 L)", "L", 2.0),
        ("round(vol) + floor(small)", "L", 2.0 + 0.5),
        ("(acid - 7) * 2", "pH", 0.0),
    ],
)
def test_unit_and_value(text: str, unit: str | None, value: float) -> None:
    checked = check(parse(text), _TAGS)
    if unit is None:
        assert checked.unit == ""
    else:
        assert Quantity(1.0, checked.unit).span_to(unit) == pytest.approx(1.0)
    assert evaluated(text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "declared", "value"),
    [
        ("flow", "mL/s", 100.0),
        ("vol / small", "%", 400.0),
        ("t1", "K", 303.15),
        ("t1 - t2", "degC", 10.0),
        ("t1 - t2", "K", 10.0),
        ("t1 - t2", "degF", 18.0),
        ("t1 - 2", "degC", 28.0),
        ("count", "L", 7.0),
        ("count + 1", "L", 8.0),
        ("5", "L", 5.0),
        ("flow * 1 min", "mL", 6000.0),
        ("ratio", "%", 20.0),
        ("-log10(1e-7)", "pH", 7.0),
    ],
)
def test_result_in_the_declared_unit(text: str, declared: str, value: float) -> None:
    assert evaluated(text, unit=declared) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("vol > 1999 mL", True),
        ("vol > 2001 mL", False),
        ("t1 == 303.15 K", True),
        ("t1 - t2 > 9 K", True),
        ("t1 - t2 > 9 degC", True),  # beside a difference degC is one
        ("t1 - t2 < 17 degF", False),
        ("level > 0.4", True),
        ("ratio > 15 %", True),
        ("run == true", True),
        ("hysteresis(vol, 100 mL, 1900 mL)", True),
        ("rate(t1, 1 min) < 1 K/h", True),
    ],
)
def test_comparison_across_units(text: str, truth: bool) -> None:
    assert evaluated(text) == float(truth)


def test_fail_value_is_a_constant_in_the_unit_of_its_tag() -> None:
    tags = {"t": Operand(unit="degC", fail_value=20.0)}
    checked = check(parse("fail_value(t) in K"), tags)
    assert Quantity(1.0, checked.unit).to("K") == 1.0
    assert Rig("fail_value(t) in K", tags).step(t=80.0).value == pytest.approx(293.15)


def test_duration_from_a_tag_with_a_unit_of_time() -> None:
    tags = {"x": Operand(TagKind.BOOL), "delay": Operand(unit="min")}
    rig = Rig("ton(x, delay)", tags)
    rig.step(x=1.0, delay=0.05)
    assert [rig.step(1.0).value for _ in range(4)] == [0.0, 0.0, 1.0, 1.0]


def test_unit_that_nobody_knows_is_not_checked() -> None:
    tags = {"odd": Operand(unit="bananas"), "vol": Operand(unit="L")}
    assert check(parse("odd + vol"), tags).unit == "liter"
    assert check(parse("odd * vol"), tags).unit == ""
