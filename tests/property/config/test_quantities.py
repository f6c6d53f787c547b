"""Quantities: what is written and read again is the same to the last bit, and units convert both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.quantities import Quantity, QuantityError, duration_text, parse_duration

_FINITE = st.floats(allow_nan=False, allow_infinity=False)
_LIKE = (
    ("degC", "K", "degF"),
    ("mbar", "Pa", "bar", "mmHg"),
    ("L/min", "m^3/h", "mL/s", "NL/min", "slpm"),
    ("%", "1"),
    ("s", "ms", "min", "h", "d"),
    ("mmol/L", "mol/m^3"),
    ("1e6/mL", "1/m^3", "cells/mL"),
)
_PAIR = st.sampled_from(_LIKE).flatmap(lambda like: st.tuples(st.sampled_from(like), st.sampled_from(like)))


@given(_FINITE, st.sampled_from([unit for like in _LIKE for unit in like if unit != "1"]))
def test_text_and_back(magnitude: float, unit: str) -> None:
    quantity = Quantity(magnitude, unit)
    assert Quantity.parse(str(quantity)) == quantity


@given(st.floats(-1e9, 1e9), _PAIR)
def test_there_and_back(magnitude: float, units: tuple[str, str]) -> None:
    one, other = units
    there = Quantity(magnitude, one).to(other)
    back = Quantity(there, other).to(one)
    offset = 500.0  # of the temperatures: what is close to 0 K loses digits
    assert back == pytest.approx(magnitude, rel=1e-9, abs=1e-9 * offset)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), _PAIR)
def test_a_span_is_the_difference_of_two_values(low: float, high: float, units: tuple[str, str]) -> None:
    one, other = units
    span = Quantity(high - low, one).span_to(other)
    difference = Quantity(high, one).to(other) - Quantity(low, one).to(other)
    scale = abs(Quantity(1.0, one).span_to(other))
    assert span == pytest.approx(difference, rel=1e-9, abs=1e-8 * scale * 1e6)


@given(st.floats(-1e6, 1e6), _PAIR)
def test_a_rate_is_a_span_per_second(magnitude: float, units: tuple[str, str]) -> None:
    one, other = units
    if one == "1":
        return
    per_minute = Quantity(magnitude, f"{one}/min").rate_to(other)
    assert per_minute * 60 == pytest.approx(Quantity(magnitude, one).span_to(other), rel=1e-9, abs=1e-12)


@given(st.floats(0, 1e9))
def test_a_duration_that_is_written_is_the_same_when_read(seconds: float) -> None:
    assert parse_duration(duration_text(seconds)) == pytest.approx(seconds, rel=1e-9)


@given(st.text(max_size=30))
def test_any_text_is_a_quantity_or_an_error(text: str) -> None:
    try:
        quantity = Quantity.parse(text)
    except QuantityError:
        return
    assert Quantity.parse(str(quantity)) == quantity
