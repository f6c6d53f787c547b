"""Quantities with units: how `100 ms`, `0.5 degC` and `2 L/min` in a file become numbers.

pint knows the units; this file says which pint registry is used, adds the units that the shop
floor writes and pint does not know, and offers the two types that the models use:

* `Duration`: a number of seconds (a bare number in the file is refused: it has no unit).
* `Quantity`: a magnitude with the unit it was written in; it is converted when the model that
  holds it knows the engineering unit of its tag (`Quantity.to`, or `Quantity.span_to` for a
  difference such as a deadband, where 0.5 degC is not 273.65 K).
"""

from __future__ import annotations

import functools
import math
import re
from typing import Annotated, Any, Final, NamedTuple, get_args

import pint
from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

# Units the shop floor writes. Definitions are pint's own language.
_SHOP_FLOOR_UNITS = (
    "cfu = count = CFU",
    "particle = count",
    "vial = count",
    "NTU = count",
    "pH_unit = [acidity] = pH",
    "airsat = percent",
    "normal_litre = litre = NL",
    "cells = count",
    "m3 = meter ** 3",
    "m2 = meter ** 2",
    "lpm = litre / minute = LPM",
    "slpm = normal_litre / minute = sL_min",
    "vvm = 1 / minute = VVM",
    "percent_rh = percent",
    "barg = bar",
    "mbarg = millibar",
)

# Spellings that are no identifiers of pint's language.
_SPELLINGS = {
    "% RH": "percent_rh",
    "%RH": "percent_rh",
    "%sat": "airsat",
    "°C": "degC",
    "1e6/": "megacount/",
    "1e9/": "gigacount/",
}
_NO_UNIT = frozenset({"", "-", "1"})

_SPLIT = re.compile(r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*$")


# Powers of powers and long exponents: pint would compute them, for hours.
_TOWER = re.compile(r"(\*\*|\^)\s*-?(\d{2}|\d\s*(\*\*|\^)|\()")


class QuantityError(ValueError):
    """A text is not a quantity, or its unit does not fit; the message says what would be right."""


@functools.cache
def registry() -> pint.UnitRegistry[Any]:
    """Return the one unit registry of the process (building it takes a tenth of a second)."""
    ureg: pint.UnitRegistry[Any] = pint.UnitRegistry(
        autoconvert_offset_to_baseunit=True, on_redefinition="ignore"
    )
    for definition in _SHOP_FLOOR_UNITS:
        ureg.define(definition)
    return ureg


@functools.lru_cache(maxsize=4096)
def parse_unit(text: str) -> pint.Unit:
    """Return pint's unit for a text such as `degC`, `%` or `1/min`; the empty text is no unit.

    Raises:
        QuantityError: the text is not a unit that pint or the list above knows.
    """
    spelled = "dimensionless" if text.strip() in _NO_UNIT else text.strip()
    for spelling, name in _SPELLINGS.items():
        spelled = spelled.replace(spelling, name)
    if _TOWER.search(spelled):
        raise QuantityError(f"{text!r} is not a unit: write one exponent of one digit, as in m^3")
    try:
        return registry().parse_units(spelled)
    except Exception as error:  # pint lets its tokenizer's and parser's own errors through
        raise QuantityError(f"{text!r} is not a known unit (examples: degC, L/min, mbar, %)") from error


@functools.lru_cache(maxsize=4096)
def _linear(unit: str, into: str, span: bool) -> tuple[float, float]:
    """Return (factor, offset) with value_into = value * factor + offset."""
    source, target = parse_unit(unit), parse_unit(into)
    if not source.is_compatible_with(target):
        raise QuantityError(f"{unit!r} cannot be converted to {into!r}: they measure different things")
    ureg = registry()
    # Differences of offset units are units of their own (delta_degC), and convert without rounding.
    step = ureg.Quantity(1.0, source) - ureg.Quantity(0.0, source)
    into_step = (ureg.Quantity(1.0, target) - ureg.Quantity(0.0, target)).units
    factor = float(step.to(into_step).magnitude)
    return factor, 0.0 if span else float(ureg.Quantity(0.0, source).to(target).magnitude)


def _finite(value: float | str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise QuantityError(f"{value} is not a finite number")
    return number


class Quantity(NamedTuple):
    """A magnitude and the unit it was written in; an empty unit means the unit of its tag."""

    magnitude: float
    unit: str = ""

    @classmethod
    def parse(cls, value: object) -> Quantity:
        """Read `37 degC`, `37`, 37 or 37.0.

        Raises:
            QuantityError: it is none of these, or the unit is unknown.
        """
        if isinstance(value, Quantity):
            return value
        if isinstance(value, int | float):
            return cls(_finite(value))
        found = _SPLIT.match(value) if isinstance(value, str) else None
        if found is None:
            raise QuantityError(f"{value!r} is not a quantity (examples: 37 degC, 0.5, 2 L/min)")
        unit = found.group(2)
        if unit:
            parse_unit(unit)
        return cls(_finite(found.group(1)), unit)

    def to(self, unit: str) -> float:
        """Return the magnitude in `unit` (an absolute value: 0 degC is 273.15 K).

        Raises:
            QuantityError: the units measure different things.
        """
        return self._convert(unit, span=False)

    def span_to(self, unit: str) -> float:
        """Return the magnitude in `unit` as a difference (a deadband of 1 degC is 1 K)."""
        return self._convert(unit, span=True)

    def rate_to(self, unit: str) -> float:
        """Return the magnitude as a change of `unit` per second (a bare number is already that).

        Raises:
            QuantityError: the units measure different things.
        """
        return self._convert(f"{unit}/s" if unit else "1/s", span=True)

    def _convert(self, unit: str, *, span: bool) -> float:
        if not self.unit or self.unit == unit:
            return self.magnitude
        factor, offset = _linear(self.unit, unit, span)
        return self.magnitude * factor + offset

    def __str__(self) -> str:
        return f"{repr(self.magnitude).removesuffix('.0')} {self.unit}".rstrip()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let a model hold a Quantity and read it from text."""
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe a Quantity to editors: a number, or a number with a unit."""
        return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _SPLIT.pattern}]}


def parse_duration(value: object) -> float:
    """Return the seconds of `100 ms`, `5 min` or `2 h`; 0 needs no unit.

    Raises:
        QuantityError: there is no unit, it is not a time, or the time is negative.
    """
    try:
        quantity = Quantity.parse(value)
    except QuantityError:
        raise QuantityError(f"{value!r} is not a time (examples: 100 ms, 5 s, 2 min)") from None
    if not quantity.unit and quantity.magnitude != 0:
        raise QuantityError(f"{value!r} has no unit of time (examples: 100 ms, 5 s, 2 min)")
    seconds = quantity.to("s")
    if seconds < 0:
        raise QuantityError(f"{value!r} is a negative time")
    return seconds


FROM_FILE: Final = {"source": "file"}
"""Validation context of values that come from a file, where a bare number has no unit."""


def _duration(value: object, info: ValidationInfo) -> float:
    if isinstance(value, float) and value >= 0 and info.context is not FROM_FILE:
        return value  # written in Python, where the unit is seconds
    return parse_duration(value)


def duration_text(seconds: float) -> str:
    """Return seconds as people write them in a file: `100 ms`, `2 min`, `0`."""
    for factor, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (0.001, "ms")):
        number = seconds / factor
        if number >= 1 and math.isclose(number, round(number), rel_tol=1e-9):
            return f"{round(number)} {unit}"
        if unit == "s" and seconds > 1:
            break
    return f"{seconds!r} s" if seconds else "0"


def holds_time(field: FieldInfo) -> bool:
    """Return whether a model's field is a duration, perhaps among other things (`Duration | None`)."""
    metadata = [*field.metadata]
    for part in get_args(field.annotation):
        metadata += getattr(part, "__metadata__", ())
    return any(isinstance(one, BeforeValidator) and one.func is _duration for one in metadata)


_TIME_SCHEMA: Final = {
    "type": "string",
    "pattern": r"^\s*[0-9.][0-9.eE+-]*\s*[A-Za-zµ]+\s*$",
    "x-quantity": "time",
}

Duration = Annotated[
    float, BeforeValidator(_duration), WithJsonSchema({"anyOf": [_TIME_SCHEMA, {"const": 0}]}, "validation")
]
"""Seconds, written with a unit."""
PositiveDuration = Annotated[Duration, Field(gt=0), WithJsonSchema(_TIME_SCHEMA, "validation")]
"""Seconds, more than none."""
