"""Arithmetic with units agrees with pint: what it refuses is refused, what it gives is given."""

from __future__ import annotations

from random import Random
from typing import Any

import pint
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from config.expressions import ExpressionError, Operand
from config.quantities import registry
from tests.expressions.rig import Rig

_UNITS = {
    "vol": "L", "small": "mL", "time": "min", "long": "h", "flow": "L/h", "share": "%", "mass": "kg",
    "energy": "kW*h", "power": "W", "frac": "mol/mol",
}  # fmt: skip
_TAGS = {name: Operand(unit=unit) for name, unit in _UNITS.items()}
_VALUES = {name: 1.5 + 0.25 * place for place, name in enumerate(_UNITS)}


def _text(random: Random, depth: int) -> str:
    if depth == 0:
        return random.choice(list(_UNITS))
    left, right = _text(random, depth - random.randint(1, depth)), _text(random, depth - 1)
    operator = random.choice("+-****////")
    return f"({left} {operator} {right})"


@settings(max_examples=300)
@given(seed=st.integers(0, 2**63), depth=st.integers(1, 4))
def test_units_agree_with_pint(seed: int, depth: int) -> None:
    text = _text(Random(seed), depth)
    ureg = registry()
    values: dict[str, Any] = {
        name: ureg.Quantity(_VALUES[name], unit.replace("%", "percent")) for name, unit in _UNITS.items()
    }
    try:
        wanted = eval(
            text, {"__builtins__": {}}, values
        )  # the text is Python as well, and pint the other evaluator
    except pint.DimensionalityError:
        with pytest.raises(ExpressionError):
            Rig(text, _TAGS)
        return
    except ZeroDivisionError:
        reject()  # pint stops there and says nothing of the units behind it
    rig = Rig(text, _TAGS)
    got = ureg.Quantity(rig.step(**_VALUES).value, rig.checked.unit)
    assert got.to_base_units().magnitude == pytest.approx(
        wanted.to_base_units().magnitude, rel=1e-9, abs=1e-12
    )
    assert got.dimensionality == wanted.dimensionality
