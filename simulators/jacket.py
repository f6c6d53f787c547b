"""Vessel and jacket temperature: an energy balance of two bodies."""

from __future__ import annotations

import dataclasses

CP_J_PER_KG_K = 4186.0


@dataclasses.dataclass(frozen=True)
class Heating:
    """The jacket and its services."""

    jacket_kg: float
    """Water in the jacket's loop."""
    exchange_w_per_k: float
    """UA between jacket and vessel."""
    service_kg_per_s: float
    """Flow of hot or cold water through a fully open valve."""
    hot_degc: float = 75.0
    cold_degc: float = 8.0
    ambient_degc: float = 21.0
    vessel_loss_w_per_k: float = 3.0
    jacket_loss_w_per_k: float = 2.0


@dataclasses.dataclass
class Temperatures:
    """State of the balance."""

    vessel: float = 37.0
    jacket: float = 37.0

    def step(
        self, seconds: float, heating: Heating, valve_percent: float, mass_kg: float, heat_w: float
    ) -> None:
        """Move both temperatures on, implicitly (stable at any step).

        The valve is a split range: 0 % is full cold, 50 % both closed, 100 % full hot. `heat_w` is
        what stirrer and cells put into the vessel.
        """
        opening = (valve_percent - 50.0) / 50.0
        service = heating.hot_degc if opening > 0.0 else heating.cold_degc
        through = abs(opening) * heating.service_kg_per_s * CP_J_PER_KG_K
        ua, ambient = heating.exchange_w_per_k, heating.ambient_degc
        vessel_capacity = mass_kg * CP_J_PER_KG_K / seconds
        jacket_capacity = heating.jacket_kg * CP_J_PER_KG_K / seconds
        # [a11 -ua; -ua a22] (vessel, jacket) = (b1, b2)
        a11 = vessel_capacity + ua + heating.vessel_loss_w_per_k
        a22 = jacket_capacity + ua + heating.jacket_loss_w_per_k + through
        b1 = vessel_capacity * self.vessel + heating.vessel_loss_w_per_k * ambient + heat_w
        b2 = jacket_capacity * self.jacket + heating.jacket_loss_w_per_k * ambient + through * service
        determinant = a11 * a22 - ua * ua
        self.vessel = (b1 * a22 + ua * b2) / determinant
        self.jacket = (a11 * b2 + ua * b1) / determinant

    def balance_valve(self, heating: Heating, heat_w: float) -> float:
        """Return the valve position that would hold the vessel where it is for ever."""
        loss = heating.vessel_loss_w_per_k * (self.vessel - heating.ambient_degc) - heat_w
        jacket = self.vessel + loss / heating.exchange_w_per_k
        needed = loss + heating.jacket_loss_w_per_k * (jacket - heating.ambient_degc)
        service = heating.hot_degc if needed > 0.0 else heating.cold_degc
        full = heating.service_kg_per_s * CP_J_PER_KG_K * abs(service - jacket)
        return 50.0 + 50.0 * needed / full
