"""A fed-batch CHO culture: macroscopic Monod model, integrated with RK4.

Parameters are those of Moeller et al. 2018 (Bioengineering 5(1):25, Table 2). Three choices are
ours: maintenance and ammonium uptake fade out smoothly instead of being clamped at zero (clamps
stall the integration when glucose runs out), cells die when they starve (off by default: the
published model has no such death), and the factors of `Conditions`.
"""

from __future__ import annotations

import dataclasses
import math

MAX_STEP_H = 0.02
"""Longest RK4 step in hours; half of it gives the same trajectory to four digits."""


@dataclasses.dataclass(frozen=True)
class Kinetics:
    """Rates and yields; cells are counted in 1e9, substances in mmol, antibody in mg."""

    mu_max_per_h: float = 0.039
    kd_per_h: float = 0.004
    k_glucose: float = 1.00
    k_glutamine: float = 0.047
    ki_lactate: float = 43.0
    ki_ammonium: float = 6.51
    kd_lactate: float = 45.8
    kd_ammonium: float = 6.51
    y_cells_glucose: float = 0.357
    y_cells_glutamine: float = 0.974
    y_lactate_glucose: float = 0.70
    y_ammonium_glutamine: float = 0.67
    r_ammonium: float = 0.0063
    m_glucose: float = 0.0692
    a1: float = 0.0032
    a2: float = 2.1
    q_antibody: float = 1.51
    k_ammonium_uptake: float = 0.1
    """Ammonium at which its uptake is half of the published constant rate (our smoothing)."""
    starvation_death_per_h: float = 0.0
    starvation_glucose: float = 0.1
    """Glucose at which half of the starvation death acts (our choice)."""


@dataclasses.dataclass(frozen=True)
class Conditions:
    """How the surroundings change the rates; 1 is the published culture."""

    growth: float = 1.0
    metabolism: float = 1.0


@dataclasses.dataclass(frozen=True)
class Inflow:
    """Everything that flows in, as one stream."""

    flow_l_per_h: float = 0.0
    glucose_mmol_l: float = 0.0
    glutamine_mmol_l: float = 0.0


NO_INFLOW = Inflow()
PUBLISHED = Conditions()


def growth_of_temperature(celsius: float) -> float:
    """Return the factor on growth (Rosso's cardinal temperatures 28, 37 and 42 degC, our choice)."""
    low, best, high = 28.0, 37.0, 42.0
    if not low < celsius < high:
        return 0.0
    above = (best - low) * (celsius - best) - (best - high) * (best + low - 2.0 * celsius)
    return (celsius - high) * (celsius - low) ** 2 / ((best - low) * above)


def metabolism_of_temperature(celsius: float) -> float:
    """Return the factor on maintenance and death: it doubles with every 10 K."""
    return math.exp(math.log(2.0) * (celsius - 37.0) / 10.0)


@dataclasses.dataclass
class CellCulture:
    """State of a culture; `advance` moves it in time."""

    viable: float = 0.3
    """Viable cells, 1e9/L."""
    total: float = 0.3
    glucose: float = 30.0
    glutamine: float = 6.0
    lactate: float = 0.5
    ammonium: float = 0.5
    antibody: float = 0.0
    """mg/L."""
    volume_l: float = 1.0
    kinetics: Kinetics = dataclasses.field(default_factory=Kinetics)
    lactate_made_mmol: float = 0.0
    """Lactate that the cells have made since the start, the acid that the base has to answer."""

    @property
    def viability(self) -> float:
        """Share of the cells that live, 0 to 1."""
        return self.viable / self.total if self.total > 0.0 else 0.0

    def advance(self, hours: float, inflow: Inflow = NO_INFLOW, conditions: Conditions = PUBLISHED) -> None:
        """Move the culture on by `hours`, in RK4 steps of at most `MAX_STEP_H`."""
        steps = max(1, math.ceil(hours / MAX_STEP_H - 1e-9))
        for _ in range(steps):
            self._rk4(hours / steps, inflow, conditions)

    def _state(self) -> tuple[float, ...]:
        return (
            self.viable,
            self.total,
            self.glucose,
            self.glutamine,
            self.lactate,
            self.ammonium,
            self.antibody,
            self.volume_l,
            self.lactate_made_mmol,
        )

    def _rk4(self, h: float, inflow: Inflow, conditions: Conditions) -> None:
        x = self._state()
        k1 = self._rates(x, inflow, conditions)
        k2 = self._rates([a + 0.5 * h * b for a, b in zip(x, k1, strict=True)], inflow, conditions)
        k3 = self._rates([a + 0.5 * h * b for a, b in zip(x, k2, strict=True)], inflow, conditions)
        k4 = self._rates([a + h * b for a, b in zip(x, k3, strict=True)], inflow, conditions)
        new = [
            max(0.0, a + h / 6.0 * (b + 2.0 * (c + d) + e))
            for a, b, c, d, e in zip(x, k1, k2, k3, k4, strict=True)
        ]
        (
            self.viable,
            self.total,
            self.glucose,
            self.glutamine,
            self.lactate,
            self.ammonium,
            self.antibody,
            self.volume_l,
            self.lactate_made_mmol,
        ) = new

    def _rates(
        self, state: tuple[float, ...] | list[float], inflow: Inflow, conditions: Conditions
    ) -> tuple[float, ...]:
        k = self.kinetics
        viable, total, glucose, glutamine, lactate, ammonium, antibody, volume = state[:8]
        dilution = inflow.flow_l_per_h / volume
        growth = (
            conditions.growth
            * k.mu_max_per_h
            * glucose
            / (k.k_glucose + glucose)
            * glutamine
            / (k.k_glutamine + glutamine)
            * k.ki_lactate
            / (k.ki_lactate + lactate)
            * k.ki_ammonium
            / (k.ki_ammonium + ammonium)
        )
        hungry = k.starvation_glucose**4
        death = conditions.metabolism * (
            k.kd_per_h * lactate / (k.kd_lactate + lactate) * ammonium / (k.kd_ammonium + ammonium)
            + k.starvation_death_per_h * hungry / (hungry + glucose**4)
        )
        idle = conditions.metabolism
        q_glucose = growth / k.y_cells_glucose + idle * k.m_glucose * glucose / (k.k_glucose + glucose)
        q_glutamine = growth / k.y_cells_glutamine + idle * k.a1 * glutamine / (k.a2 + glutamine)
        q_lactate = k.y_lactate_glucose * q_glucose
        q_ammonium = k.y_ammonium_glutamine * q_glutamine - idle * k.r_ammonium * ammonium / (
            ammonium + k.k_ammonium_uptake
        )
        return (
            (growth - death - dilution) * viable,
            growth * viable - dilution * total,
            -q_glucose * viable + dilution * (inflow.glucose_mmol_l - glucose),
            -q_glutamine * viable + dilution * (inflow.glutamine_mmol_l - glutamine),
            q_lactate * viable - dilution * lactate,
            q_ammonium * viable - dilution * ammonium,
            k.q_antibody * viable - dilution * antibody,
            inflow.flow_l_per_h,
            q_lactate * viable * volume,
        )
