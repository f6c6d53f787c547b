"""Tuning rules: from a model, or an ultimate point, to settings of a PID in ISA standard form.

SIMC: Skogestad, J. Process Control 13 (2003) 291. AMIGO: Astrom and Hagglund, J. Process Control 14
(2004) 635. Lambda: Dahlin 1968, Rivera et al. 1986 (the PID is IMC's). Ziegler and Nichols 1942, and
Tyreus and Luyben, Ind. Eng. Chem. Res. 31 (1992) 2625, are there to compare with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from gateway.tuning.model import Integrator, Lag, Model, Ultimate

Rule = Literal[
    "simc-pi", "amigo-pi", "amigo-pid", "lambda-pi", "lambda-pid", "zn-pi", "zn-pid", "tl-pi", "tl-pid"
]

SHORTEST_LAG: Final = 1e-3
"""Lag in delays below which a process is a pure delay for SIMC."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Parameters of a loop. `kp` is positive: the loop's action has the sign. Times in plant seconds."""

    kp: float
    ti_s: float
    td_s: float = 0.0
    b: float = 1.0

    @classmethod
    def from_series(cls, gain: float, integral_s: float, derivative_s: float) -> Settings:
        """Return the standard form of a controller in series form, gain (1 + 1/Ti s)(1 + Td s)."""
        factor = 1.0 + derivative_s / integral_s
        return cls(gain * factor, integral_s * factor, derivative_s / factor)


def simc(model: Model, closed_s: float | None = None) -> Settings:
    """Return SIMC's PI settings.

    Kc = T / (K (tc + L)), Ti = min(T, 4 (tc + L)); integrating: Kc = 1 / (k' (tc + L)), Ti = 4 (tc + L).
    A pure delay has integral action alone, KI = 1 / (K (tc + L)): a small lag stands in for none.

    Args:
        model: of the process.
        closed_s: tc, the wanted time constant of the closed loop; none is the delay (tight control).
    """
    total_s = model.delay_s + (model.delay_s if closed_s is None else closed_s)
    if isinstance(model, Integrator):
        return Settings(1.0 / (model.slope * total_s), 4.0 * total_s)
    lag_s = max(model.lag_s, SHORTEST_LAG * model.delay_s)
    return Settings(lag_s / (model.gain * total_s), min(lag_s, 4.0 * total_s))


def simc_second_order(gain: float, lag_s: float, second_s: float, delay_s: float) -> Settings:
    """Return SIMC's PID settings for two lags, tight, converted from its series form."""
    total_s = 2.0 * delay_s
    return Settings.from_series(lag_s / (gain * total_s), min(lag_s, 4.0 * total_s), second_s)


def amigo_pi(model: Model) -> Settings:
    """Return AMIGO's PI settings.

    K = (1/Kp)(0.15 + (0.35 - L T / (L + T)^2) T / L), Ti = 0.35 L + 13 L T^2 / (T^2 + 12 L T + 7 L^2).
    """
    delay = model.delay_s
    if isinstance(model, Integrator):
        return Settings(0.35 / (model.slope * delay), 13.4 * delay, b=0.0)
    lag = model.lag_s
    share = 0.35 - delay * lag / (delay + lag) ** 2
    gain = (0.15 + share * lag / delay) / model.gain
    ti = 0.35 * delay + 13.0 * delay * lag**2 / (lag**2 + 12.0 * delay * lag + 7.0 * delay**2)
    return Settings(gain, ti, b=_amigo_weight(model))


def amigo_pid(model: Model) -> Settings:
    """Return AMIGO's PID settings.

    K = (1/Kp)(0.2 + 0.45 T / L), Ti = L (0.4 L + 0.8 T) / (L + 0.1 T), Td = 0.5 L T / (0.3 L + T).
    """
    delay = model.delay_s
    if isinstance(model, Integrator):
        return Settings(0.45 / (model.slope * delay), 8.0 * delay, 0.5 * delay, b=0.0)
    lag = model.lag_s
    return Settings(
        (0.2 + 0.45 * lag / delay) / model.gain,
        delay * (0.4 * delay + 0.8 * lag) / (delay + 0.1 * lag),
        0.5 * delay * lag / (0.3 * delay + lag),
        b=_amigo_weight(model),
    )


def _amigo_weight(model: Lag) -> float:
    return 0.0 if model.delay_s <= 0.5 * (model.delay_s + model.lag_s) else 1.0


def lambda_pi(model: Model, factor: float = 1.0) -> Settings:
    """Return lambda tuning's PI: the closed loop is to have the time constant lambda.

    Kc = T / (K (lambda + L)), Ti = T with lambda = factor * max(T, L); for an integrator
    Kc = (2 lambda + L) / (k' (lambda + L)^2), Ti = 2 lambda + L with lambda = 3 factor L.
    """
    delay = model.delay_s
    if isinstance(model, Integrator):
        closed = 3.0 * factor * delay
        return Settings((2.0 * closed + delay) / (model.slope * (closed + delay) ** 2), 2.0 * closed + delay)
    closed = factor * max(model.lag_s, delay)
    return Settings(model.lag_s / (model.gain * (closed + delay)), model.lag_s)


def lambda_pid(model: Lag, factor: float = 1.0) -> Settings:
    """Return the IMC PID: Kc = (T + L/2) / (K (lambda + L/2)), Ti = T + L/2, Td = T L / (2 T + L)."""
    lag, half = model.lag_s, model.delay_s / 2.0
    closed = factor * max(lag, model.delay_s)
    kp = (lag + half) / (model.gain * (closed + half))
    return Settings(kp, lag + half, lag * half / (lag + half))


def ziegler_nichols(point: Ultimate, *, derivative: bool) -> Settings:
    """Return PI 0.45 Ku, Tu / 1.2, or PID 0.6 Ku, Tu / 2, Tu / 8."""
    if derivative:
        return Settings(0.6 * point.gain, point.period_s / 2.0, point.period_s / 8.0)
    return Settings(0.45 * point.gain, point.period_s / 1.2)


def tyreus_luyben(point: Ultimate, *, derivative: bool) -> Settings:
    """Return PI Ku / 3.2, 2.2 Tu, or PID Ku / 2.2, 2.2 Tu, Tu / 6.3."""
    if derivative:
        return Settings(point.gain / 2.2, 2.2 * point.period_s, point.period_s / 6.3)
    return Settings(point.gain / 3.2, 2.2 * point.period_s)


def by_rule(model: Model, point: Ultimate) -> dict[Rule, Settings]:
    """Return what every rule proposes; the first is the one to begin with."""
    settings: dict[Rule, Settings] = {
        "simc-pi": simc(model),
        "amigo-pi": amigo_pi(model),
        "amigo-pid": amigo_pid(model),
        "lambda-pi": lambda_pi(model),
    }
    if isinstance(model, Lag):
        settings["lambda-pid"] = lambda_pid(model)
    return settings | {
        "zn-pi": ziegler_nichols(point, derivative=False),
        "zn-pid": ziegler_nichols(point, derivative=True),
        "tl-pi": tyreus_luyben(point, derivative=False),
        "tl-pid": tyreus_luyben(point, derivative=True),
    }


def tune_parameters(proposal: Mapping[str, float]) -> dict[str, float]:
    """Return a proposal of an `autotune` event by the names that a tune command knows."""
    names = {"kp": "kp", "ti_s": "ti", "td_s": "td", "b": "b"}
    return {names[name]: number for name, number in proposal.items()}
