"""Loops and calculations: what the engine does with the tags.

Times here are the plant's own: where a simulated plant runs faster than the wall clock
(`simulation.speed`), the engine's tables divide them by that factor. On a real plant it is 1.
"""

from __future__ import annotations

import enum

from pydantic import Field

from config.autotune import RelayTest
from config.law import FeedForward, Form, GainSchedule, RampFrom, Structure
from config.model import Model
from config.quantities import Duration, PositiveDuration, Quantity
from config.structures import Leading, Remote
from config.tags import Reporting, TagKind


class Action(enum.StrEnum):
    """Which way the output moves: reverse rises when PV falls below SP (heating)."""

    DIRECT = "direct"
    REVERSE = "reverse"


class Mode(enum.StrEnum):
    """Modes of a loop: who gives its set-point, or its output."""

    OUT_OF_SERVICE = "out_of_service"
    MANUAL = "manual"
    AUTO = "auto"
    CASCADE = "cascade"
    REMOTE = "remote"


class BadPvAction(enum.StrEnum):
    """What the output does once the PV has been bad for `bad_pv_after`."""

    HOLD = "hold"
    SAFE = "safe"
    MANUAL = "manual"


class Loop(Leading):
    """A PID loop in ISA standard form. It brings the tags `<loop>.sp`, `<loop>.op`, `<loop>.mode`."""

    display_name: str = ""
    """What people see."""
    description: str = ""
    """What it is for."""
    pv: str
    """Tag that is controlled."""
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
    form: Form = Form.POSITIONAL
    """Incremental needs integral action: it always goes on from the value really applied."""
    structure: Structure = Structure.PID
    """`i` leaves the proportional part out: the gain acts as kp / ti."""
    gap: Quantity | None = None
    """Half the width of a gap around the set-point in which deviations do not act; none is no gap."""
    gap_gain: float = Field(default=0.0, ge=0, le=1)
    """Share of a deviation that acts within the gap."""
    pv_filter: Duration = 0.0
    """Time constant of a first-order filter on the PV, for this loop alone; 0 is none."""
    feed_forward: FeedForward | None = None
    """A disturbance that is fed forward."""
    schedule: GainSchedule | None = None
    """Parameters that depend on a tag."""
    sp: Quantity
    """Set-point at a cold start."""
    sp_low: Quantity | None = None
    """Lowest set-point; none takes the PV's range."""
    sp_high: Quantity | None = None
    """Set-point limits; none takes the PV's range."""
    sp_rate: Quantity | None = None
    """Ramp of the set-point, in PV unit per second of the plant; none is a step."""
    sp_hold: Quantity | None = None
    """The ramp waits while it would lead further away from a PV that is further off than this."""
    sp_ramp_from: RampFrom = RampFrom.SET_POINT
    """Where a ramp begins when a set-point is commanded."""
    out_low: Quantity | None = None
    """Lowest output; none takes the output tag's range."""
    out_high: Quantity | None = None
    """Output limits; none takes the output tag's range."""
    out_rate: Quantity | None = None
    """Largest change of the output, in its unit per second of the plant; none is unlimited."""
    out_rate_down: Quantity | None = None
    """Largest change downwards, where it differs; none takes out_rate."""
    remote: Remote | None = None
    """Where the set-point comes from in mode `remote`; with a ratio, `<loop>.ratio` is brought too."""
    mode: Mode = Mode.AUTO
    """Mode after a cold start, once the outputs are armed and the PV is good."""
    on_bad_pv: BadPvAction = BadPvAction.HOLD
    bad_pv_after: Duration = 5.0
    """Time for which the PV must have been bad (wall clock)."""
    period: PositiveDuration | None = None
    """Wall-clock period, a multiple of the scan's; none is every scan."""
    autotune: RelayTest | None = None
    """Bounds of a relay test, for loops that may be tuned by one."""


class Calculation(Model):
    """A tag whose value an expression gives, each scan or each period of its own."""

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
    period: PositiveDuration | None = None
    """Wall-clock period, a multiple of the scan's; none is every scan."""
    report: Reporting = Reporting()
    """When a value is news."""
    format: str = ".2f"
    """How people see it. Never touches what is stored."""
