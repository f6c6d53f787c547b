"""The energy balance of vessel and jacket."""

from __future__ import annotations

import pytest

from simulators.bioreactor_parameters import BioreactorParameters
from simulators.jacket import CP_J_PER_KG_K, Temperatures

HEATING = BioreactorParameters().heating()


@pytest.mark.parametrize("heat_w", [0.0, 20.0, 150.0, 400.0])
def test_the_balanced_valve_holds_the_vessel(heat_w: float) -> None:
    state = Temperatures(37.0, 37.0)
    valve = state.balance_valve(HEATING, heat_w)
    for _ in range(10_000):
        state.step(10.0, HEATING, valve, 200.0, heat_w)
    assert state.vessel == pytest.approx(37.0, abs=0.35)
    loss = HEATING.vessel_loss_w_per_k * (state.vessel - HEATING.ambient_degc)
    assert HEATING.exchange_w_per_k * (state.jacket - state.vessel) == pytest.approx(loss - heat_w, abs=1.0)


def test_heat_is_conserved_without_losses() -> None:
    sealed = BioreactorParameters().heating()
    sealed = type(sealed)(**{**vars(sealed), "vessel_loss_w_per_k": 0.0, "jacket_loss_w_per_k": 0.0})
    state = Temperatures(37.0, 20.0)
    before = 200.0 * state.vessel + sealed.jacket_kg * state.jacket
    for _ in range(3600):
        state.step(1.0, sealed, 50.0, 200.0, 100.0)
    after = 200.0 * state.vessel + sealed.jacket_kg * state.jacket
    assert (after - before) * CP_J_PER_KG_K == pytest.approx(100.0 * 3600.0, rel=1e-6)


@pytest.mark.parametrize("seconds", [0.01, 1.0, 60.0, 3600.0, 1e6])
def test_no_step_is_too_long(seconds: float) -> None:
    state = Temperatures(37.0, 37.0)
    for _ in range(50):
        state.step(seconds, HEATING, 100.0, 200.0, 0.0)
        assert HEATING.ambient_degc <= state.vessel <= HEATING.hot_degc
        assert HEATING.ambient_degc <= state.jacket <= HEATING.hot_degc


def test_each_side_of_the_valve_has_its_service() -> None:
    hot, cold, closed = (Temperatures(37.0, 37.0) for _ in range(3))
    for state, valve in ((hot, 100.0), (cold, 0.0), (closed, 50.0)):
        for _ in range(600):
            state.step(1.0, HEATING, valve, 200.0, 48.0)
    assert hot.vessel > 37.5
    assert cold.vessel < 36.5
    assert closed.vessel == pytest.approx(37.0, abs=0.05)
