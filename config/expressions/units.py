"""Arithmetic with units: what the unit check asks of pint, each answer kept.

Units are texts here: pint's own full name of a unit, so that equal units are equal texts.
Two things stand for the absence of one: `BARE` is a number as somebody wrote it, without a unit; it
is in the unit of whatever it meets. `UNKNOWN` is the value of a tag without a unit: it is checked
against nothing.
"""

from __future__ import annotations

import enum
import functools
import re
from typing import Any, Final, NamedTuple

from config.quantities import QuantityError, parse_unit, registry


class Unitless(enum.Enum):
    """Numbers without a unit."""

    BARE = "bare"
    UNKNOWN = "unknown"


Unit = str | Unitless
BARE: Final = Unitless.BARE
UNKNOWN: Final = Unitless.UNKNOWN
PLAIN: Final = "dimensionless"
SECOND: Final = "second"


_LITRE: Final = re.compile(r"\b([mµcdhkn]?)l\b")  # pint writes the litre small; this field does not


class Conversion(NamedTuple):
    """value * factor + offset."""

    factor: float
    offset: float


class Composite(NamedTuple):
    """The unit of a product, and the factor that brings the product into it."""

    unit: str
    factor: float


def is_unit(text: str) -> bool:
    """Tell whether a text is a unit."""
    try:
        canonical(text)
    except QuantityError:
        return False
    return True


@functools.lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """Return the one name of a unit.

    Raises:
        QuantityError: the text is no unit.
    """
    return _name(parse_unit(text.replace("·", "*")))


def of_tag(text: str) -> Unit:
    """Return the unit of a tag: no text is an unknown one, and so is what is no unit."""
    return canonical(text) if text.strip() and is_unit(text) else UNKNOWN


def shown(unit: Unit) -> str:
    """Return a unit as people write it."""
    if isinstance(unit, Unitless):
        return "no unit"
    return _LITRE.sub(r"\1L", f"{_parsed(unit):~P}") or "a plain number"


@functools.cache
def is_offset(unit: Unit) -> bool:
    """Tell whether the zero of a unit is not that of its base unit: degC and degF."""
    if isinstance(unit, Unitless):
        return False
    return bool(registry().Quantity(0.0, _parsed(unit)).to_base_units().magnitude != 0.0)


@functools.cache
def difference_of(unit: str) -> str:
    """Return the unit of a difference of two values: of degC it is delta_degC."""
    one, zero = registry().Quantity(1.0, _parsed(unit)), registry().Quantity(0.0, _parsed(unit))
    return _name((one - zero).units)


def is_difference(unit: Unit) -> bool:
    """Tell whether a unit is that of differences alone."""
    return not isinstance(unit, Unitless) and unit.startswith("delta_")


@functools.cache
def alike(first: str, second: str) -> bool:
    """Tell whether two units measure the same thing."""
    return bool(_parsed(first).is_compatible_with(_parsed(second)))


@functools.cache
def conversion(source: str, target: str) -> Conversion:
    """Return how a value gets from one unit into another that measures the same thing.

    When one of them is a unit of differences, differences are converted: no zero is shifted.
    """
    if is_difference(source) or is_difference(target):
        source, target = difference_of(source), difference_of(target)
    if source == target:
        return Conversion(1.0, 0.0)
    step = registry().Quantity(1.0, _parsed(difference_of(source)))
    factor = float(step.to(_parsed(difference_of(target))).magnitude)
    zero = registry().Quantity(0.0, _parsed(source)).to(_parsed(target))
    return Conversion(factor, float(zero.magnitude))


@functools.cache
def product(first: str, second: str, exponent: int) -> Composite:
    """Return the unit of first * second, or with exponent -1 of first / second.

    What measures the same thing cancels or joins: L/h times min is L, with the factor 1/60.
    """
    ureg = registry()
    quantity = ureg.Quantity(1.0, _parsed(first)) * ureg.Quantity(1.0, _parsed(second)) ** exponent
    return _reduced(quantity)


@functools.cache
def power(unit: str, exponent: float) -> Composite:
    """Return the unit of a power."""
    whole = int(exponent) if exponent.is_integer() else exponent
    return _reduced(registry().Quantity(1.0, _parsed(unit)) ** whole)


def _reduced(quantity: Any) -> Composite:
    reduced = quantity.to_reduced_units()
    if reduced.dimensionless:
        reduced = reduced.to(PLAIN)
    for name, exponent in reduced.unit_items():
        share = registry().Quantity(1.0, name)
        if share.dimensionless and share.to(PLAIN).magnitude != 1.0:  # 50 % of 2 L is 1 L
            reduced = reduced / share**exponent * share.to(PLAIN) ** exponent
    return Composite(_name(reduced.units), float(reduced.magnitude))


@functools.cache
def _parsed(unit: str) -> Any:
    return registry().Unit(unit)


def _name(unit: Any) -> str:
    return f"{unit:D}"
