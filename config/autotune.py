"""The relay test of a loop: how far it may push, and when it must give up."""

from __future__ import annotations

from pydantic import Field

from config.model import Model
from config.quantities import PositiveDuration, Quantity


class RelayTest(Model):
    """Bounds of a relay test. A loop without it cannot be tested; with it nothing starts by itself."""

    amplitude: Quantity
    """Largest step of the output from where it is, in the output's unit."""
    asymmetry: float = Field(default=1.5, ge=1, le=3)
    """The step up is the amplitude, the step down so many times smaller: the means then move, which gives
    the gain of the process. 1 is symmetric and gives the ultimate point alone."""
    hysteresis: Quantity
    """The PV must pass the set-point by so much before the output steps: more than the noise."""
    max_deviation: Quantity
    """The test ends where the PV is farther from the set-point."""
    timeout: PositiveDuration
    """The test ends after this time of the plant."""
    cycles: int = Field(default=3, ge=1, le=20)
    """Cycles alike that are averaged."""
