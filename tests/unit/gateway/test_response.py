"""The figures of a step response against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.response import NoStep, measure

_T = np.linspace(0.0, 60.0, 60_001)


def test_first_order_response() -> None:
    """Rise time is T ln 9, settling to 2 % is T ln 50, no overshoot."""
    found = measure(_T, 37.0 - 2.0 * (1 - np.exp(-_T / 5.0)), before=37.0, after=35.0, band=0.04)
    assert found.rise_s == pytest.approx(5.0 * np.log(9.0), abs=2e-3)
    assert found.settling_s == pytest.approx(5.0 * np.log(50.0), abs=2e-3)
    assert found.overshoot_percent == 0.0
    assert found.final == pytest.approx(35.0, abs=1e-3)


def test_second_order_overshoot() -> None:
    """Overshoot of a damped second-order lag is exp(-pi zeta / sqrt(1 - zeta^2))."""
    zeta, omega = 0.5, 1.0
    damped = omega * np.sqrt(1 - zeta**2)
    phase = np.arccos(zeta)
    value = 1 - np.exp(-zeta * omega * _T) / np.sqrt(1 - zeta**2) * np.sin(damped * _T + phase)
    found = measure(_T, value, before=0.0, after=1.0, band=0.02)
    assert found.overshoot_percent == pytest.approx(
        100 * np.exp(-np.pi * zeta / np.sqrt(1 - zeta**2)), abs=1e-3
    )


def test_what_is_no_response_is_said() -> None:
    with pytest.raises(NoStep, match="never reached 90 %"):
        measure(_T, np.full_like(_T, 37.0) - 0.5, before=37.0, after=35.0, band=0.1)
    with pytest.raises(NoStep, match="has not settled"):
        measure(_T, 35.0 + np.sin(_T), before=37.0, after=35.0, band=0.1)
    with pytest.raises(NoStep, match="3 points"):
        measure(_T[:3], _T[:3], before=37.0, after=35.0, band=0.1)
