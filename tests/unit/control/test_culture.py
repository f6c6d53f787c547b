"""The example's bioreactor under its own template: oxygen by four means one after the other, pH by two."""

from __future__ import annotations

import pytest

from control import signal as s
from tests.unit.control.culture import Culture, example


def test_dense_cells_get_their_oxygen_by_stirrer_then_air_then_oxygen() -> None:
    """Also while an operator has one of the means in hand, and when he gives it back."""
    culture = Culture(example(), viable_cells=14.0, glucose_mmol_l=25.0)
    culture.run(75.0)
    assert culture.value("do.pv") == pytest.approx(40.0, abs=2.0)
    assert culture.value("stir.speed.pv") == pytest.approx(150.0, abs=1.0)
    assert culture.value("gas.air.pv") == pytest.approx(8.0, abs=0.1)
    assert culture.value("gas.o2.pv") > 0.4
    assert culture.value("pressure.sp") == 100.0
    assert culture.value("ph.pv") == pytest.approx(7.0, abs=0.05)

    culture.command(s.SET_MODE, "air", s.MODE_AUTO)
    culture.run(0.2)
    culture.command(s.SET_POINT, "air", 6.0)
    culture.run(40.0)
    assert culture.value("gas.air.pv") == pytest.approx(6.0, abs=0.1)
    assert culture.value("do.mode") == s.MODE_AUTO
    assert culture.value("do.pv") == pytest.approx(40.0, abs=2.0)

    culture.command(s.SET_MODE, "air", s.MODE_CASCADE)
    culture.run(0.2)
    assert culture.value("air.sp") == pytest.approx(6.0, abs=0.1)
    culture.run(40.0)
    assert culture.value("gas.air.pv") == pytest.approx(8.0, abs=0.1)
    assert culture.value("do.pv") == pytest.approx(40.0, abs=2.0)
