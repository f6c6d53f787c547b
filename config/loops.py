"""Loops, calculations and interlocks: what the engine does with the tags.

Times here are the plant's own: where a simulated plant runs faster than the wall clock
(`simulation.speed`), the engine's tables divide them by that factor. On a real plant it is 1.
"""

from __future__ import annotations

import enum

from pydantic import Field

from config.model import Model
from config.quantities import Duration, PositiveDuration, Quantity
from config.tags import Reporting, TagKind


class Action(enum.StrEnum):
    """Which way the output moves: reverse rises when PV falls below SP (heating)."""

    DIRECT = "direct"
    REVERSE = "reverse"


class Mode(enum.StrEnum):
    """Modes of a loop."""

    MANUAL = "manual"
    AUTO = "auto"


class BadPvAction(enum.StrEnum):
    """What the output does once the PV has been bad for `bad_pv_after`."""

    HOLD = "hold"
    SAFE = "safe"
    MANUAL = "manual"


class Loop(Model):
    """A PID loop in ISA standard form. It brings the tags `<loop>.sp`, `<loop>.op`, `<loop>.mode`."""

    display_name: str = ""
    """What people see."""
    description: str = ""
    """What it is for."""
    pv: str
    """Tag that is controlled."""
    output: str
    """Writable tag that the loop moves."""
    action: Action = Action.REVERSE
    kp: float = Field(gt=0)
    """Proportional gain, output unit per PV unit."""
    ti: Duration = 0.0
    """Integral time; 0 is no integral action."""
    td: Duration = 0.0
    """Derivative time; 0 is no derivative action."""
    n: float = Field(default=10.0, ge=1, le=100)
    """Derivative filter: its time constant is td / n."""
    b: float = Field(default=1.0, ge=0, le=1)
    """Set-point weight of the proportional part."""
    c: float = Field(default=0.0, ge=0, le=1)
    """Set-point weight of the derivative part."""
    tt: Duration | None = None
    """Tracking time of the anti-windup; none takes ti for PI and sqrt(ti*td) for PID."""
    bias: float = 0.0
    """Output of a loop without integral action when PV is at its set-point."""
    sp: Quantity
    """Set-point at a cold start."""
    sp_low: Quantity | None = None
    """Lowest set-point; none takes the PV's range."""
    sp_high: Quantity | None = None
    """Set-point limits; none takes the PV's range."""
    sp_rate: Quantity | None = None
    """Ramp of the set-point, in PV unit per second of the plant; none is a step."""
    out_low: Quantity | None = None
    """Lowest output; none takes the output tag's range."""
    out_high: Quantity | None = None
    """Output limits; none takes the output tag's range."""
    out_rate: Quantity | None = None
    """Largest change of the output, in its unit per second of the plant; none is unlimited."""
    mode: Mode = Mode.AUTO
    """Mode after a cold start, once the outputs are armed and the PV is good."""
    safe_output: Quantity | None = None
    """Output for the safe state; none takes out_low."""
    on_bad_pv: BadPvAction = BadPvAction.HOLD
    bad_pv_after: Duration = 5.0
    """Time for which the PV must have been bad (wall clock)."""
    period: PositiveDuration | None = None
    """Wall-clock period, a multiple of the scan's; none is every scan."""


class Calculation(Model):
    """A tag whose value an expression gives, each scan."""

    display_name: str = ""
    """What people see."""
    description: str = ""
    """What it is."""
    expression: str
    """See the reference of the expression language."""
    unit: str = ""
    """Unit of the result: it is converted, or refused where it measures something else."""
    kind: TagKind | None = None
    """Number or bool; none takes what the expression gives (the loader fills it in)."""
    report: Reporting = Reporting()
    """When a value is news."""
    format: str = ".2f"
    """How people see it. Never touches what is stored."""


class Interlock(Model):
    """While its condition is true (or its inputs are bad) it forces tags to safe values."""

    display_name: str = ""
    """What people see."""
    description: str = ""
    """Why it must act."""
    when: str
    """Expression that is true when the interlock must act."""
    force: dict[str, Quantity]
    """Writable tags and the values they are forced to."""
    latched: bool = False
    """Stays until an operator resets it."""
    on_bad: bool = True
    """Acts when its condition has bad quality."""
