"""Parameters of the simulated bioreactor: what `simulation.devices.<name>.parameters` may set."""

from __future__ import annotations

import dataclasses
import math

from pydantic import Field

from config.model import Model
from simulators.bioreactor_signals import REFERENCE_VOLUME_L
from simulators.cell_culture import CellCulture, Kinetics
from simulators.jacket import Heating


class BioreactorParameters(Model):
    """A stirred single-use bioreactor with a CHO culture; everything scales with the volume."""

    volume_l: float = Field(default=REFERENCE_VOLUME_L, ge=2, le=5000)
    """Working volume at inoculation."""
    temperature_degc: float = Field(default=37.0, ge=4, le=45)
    """Temperature of vessel and jacket when the simulation starts."""
    viable_cells: float = Field(default=0.3, gt=0, le=40)
    """Cells at inoculation, 1e6/mL (1e9/L)."""
    viability: float = Field(default=1.0, gt=0, le=1)
    glucose_mmol_l: float = Field(default=30.0, ge=0)
    glutamine_mmol_l: float = Field(default=6.0, ge=0)
    lactate_mmol_l: float = Field(default=0.5, ge=0)
    ammonium_mmol_l: float = Field(default=0.5, ge=0)
    starvation_death_per_h: float = Field(default=0.02, ge=0)
    feed_glucose_mmol_l: float = Field(default=200.0, ge=0)
    feed_glutamine_mmol_l: float = Field(default=40.0, ge=0)
    base_mol_l: float = Field(default=1.0, gt=0)
    bicarbonate_mmol_l: float = Field(default=15.0, gt=0)
    ph: float = Field(default=7.0, ge=6, le=8)
    """pH at inoculation; with the bicarbonate it gives the dissolved CO2."""
    oxygen_pmol_per_cell_h: float = Field(default=0.3, gt=0)
    """Oxygen uptake of a viable cell."""
    respiratory_quotient: float = Field(default=1.0, gt=0)
    heat_mj_per_mol_o2: float = Field(default=0.46, ge=0)
    power_number: float = Field(default=1.5, gt=0)
    sample_interval_h: float = Field(default=0.5, gt=0)
    """Time between two samples of the at-line analyser."""
    noise: float = Field(default=1.0, ge=0)
    """Factor on the noise of all sensors; 0 is a plant without noise."""
    drift: float = Field(default=1.0, ge=0)
    """Factor on the slow drift of the pH and DO probes."""

    @property
    def scale(self) -> float:
        """Volume over that of the reference vessel."""
        return self.volume_l / REFERENCE_VOLUME_L

    def culture(self) -> CellCulture:
        """Return the culture as inoculated."""
        kinetics = dataclasses.replace(Kinetics(), starvation_death_per_h=self.starvation_death_per_h)
        return CellCulture(
            viable=self.viable_cells,
            total=self.viable_cells / self.viability,
            glucose=self.glucose_mmol_l,
            glutamine=self.glutamine_mmol_l,
            lactate=self.lactate_mmol_l,
            ammonium=self.ammonium_mmol_l,
            volume_l=self.volume_l,
            kinetics=kinetics,
        )

    def heating(self) -> Heating:
        """Return the jacket: its area grows with the square of the vessel's size."""
        return Heating(
            jacket_kg=40.0 * self.scale,
            exchange_w_per_k=550.0 * self.scale ** (2.0 / 3.0),
            service_kg_per_s=0.05 * self.scale,
            vessel_loss_w_per_k=3.0 * self.scale ** (2.0 / 3.0),
            jacket_loss_w_per_k=2.0 * self.scale ** (2.0 / 3.0),
        )

    def tank_diameter_m(self) -> float:
        """Return the diameter of a tank filled to 1.2 times its diameter."""
        return float((self.volume_l / 1000.0 * 4.0 / (math.pi * 1.2)) ** (1.0 / 3.0))
