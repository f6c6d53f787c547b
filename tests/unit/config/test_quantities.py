"""Quantities as people write them."""

from __future__ import annotations

import pytest

from config.loops import Loop
from config.quantities import (
    FROM_FILE,
    Quantity,
    QuantityError,
    duration_text,
    parse_duration,
    parse_unit,
)
from config.tags import Tag


@pytest.mark.parametrize(
    ("written", "quantity"),
    [
        ("37 degC", Quantity(37.0, "degC")),
        ("37degC", Quantity(37.0, "degC")),
        ("-1.5e3 mbar", Quantity(-1500.0, "mbar")),
        (".5", Quantity(0.5)),
        (5, Quantity(5.0)),
        (True, Quantity(1.0)),
        ("50 %", Quantity(50.0, "%")),
        ("2 L/min", Quantity(2.0, "L/min")),
        ("29 1/m^3", Quantity(29.0, "1/m^3")),
    ],
)
def test_parse(written: object, quantity: Quantity) -> None:
    assert Quantity.parse(written) == quantity


@pytest.mark.parametrize(
    "written", ["", "degC", "1,5 degC", "5 foo", "nan", "inf", float("nan"), "1e999", None, [], "3 m**9**9"]
)
def test_what_is_no_quantity(written: object) -> None:
    with pytest.raises(QuantityError):
        Quantity.parse(written)


@pytest.mark.parametrize(
    ("quantity", "unit", "value", "span", "rate"),
    [
        ("310.15 K", "degC", 37.0, 310.15, None),
        ("1 bar", "mbar", 1000.0, 1000.0, None),
        ("98.6 degF", "degC", 37.0, 98.6 / 1.8, None),
        ("6 degC/min", "degC", None, None, 0.1),
        ("1 K/s", "degC", None, None, 1.0),
        ("60 %/h", "%", None, None, 1 / 60),
        ("1 pH/h", "pH", None, None, 1 / 3600),
        ("5", "degC", 5.0, 5.0, 5.0),
        ("1 m^3/h", "L/min", 1000 / 60, 1000 / 60, None),
        ("1e6 1/mL", "1e6/mL", 1.0, 1.0, None),
        ("10 NL/min", "slpm", 10.0, 10.0, None),
        ("45 %RH", "%", 45.0, 45.0, None),
        ("3 m3/h", "m^3/h", 3.0, 3.0, None),
    ],
)
def test_conversions(
    quantity: str, unit: str, value: float | None, span: float | None, rate: float | None
) -> None:
    parsed = Quantity.parse(quantity)
    for convert, expected in ((parsed.to, value), (parsed.span_to, span), (parsed.rate_to, rate)):
        if expected is None:
            with pytest.raises(QuantityError, match="they measure different things"):
                convert(unit)
        else:
            assert convert(unit) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("100 ms", 0.1), ("2 min", 120.0), ("4 h", 14400.0), ("30 d", 2_592_000.0), (0, 0.0), ("0", 0.0)],
)
def test_durations(written: object, seconds: float) -> None:
    assert parse_duration(written) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (5, "5 has no unit of time"),
        ("5", "'5' has no unit of time"),
        ("-1 s", "is a negative time"),
        ("5 degC", "they measure different things"),
        ("soon", "'soon' is not a time"),
    ],
)
def test_what_is_no_duration(written: object, message: str) -> None:
    with pytest.raises(QuantityError, match=message):
        parse_duration(written)


def test_a_bare_number_is_seconds_in_python_and_nothing_in_a_file() -> None:
    assert Tag(filter_time=2.5).filter_time == 2.5
    assert Tag.model_validate({"filter_time": "2.5 s"}, context=FROM_FILE).filter_time == 2.5
    with pytest.raises(ValueError, match="no unit of time"):
        Tag.model_validate({"filter_time": 2.5}, context=FROM_FILE)
    with pytest.raises(ValueError, match="greater than 0"):
        Tag(period=0.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.1, "100 ms"),
        (2.5, "2.5 s"),
        (60.0, "1 min"),
        (90.0, "90 s"),
        (7200.0, "2 h"),
        (0.0, "0"),
        (1e-7, "1e-07 s"),
    ],
)
def test_durations_as_people_write_them(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize("unit", ["m^9^9", "m**99", "m**(9)", "m^-12"])
def test_towers_of_powers_are_refused_at_once(unit: str) -> None:
    with pytest.raises(QuantityError, match="one exponent of one digit"):
        parse_unit(unit)


def test_a_quantity_keeps_its_digits_in_text() -> None:
    assert str(Quantity(0.1 + 0.2, "degC")) == "0.30000000000000004 degC"
    assert str(Quantity(37.0, "degC")) == "37 degC"
    assert str(Quantity(5.0)) == "5"
    loop = Loop(pv="a", output="b", kp=1, sp=Quantity(1 / 3, "pH"))
    assert Loop.model_validate_json(loop.model_dump_json(include={"pv", "output", "kp", "sp"})) == loop
