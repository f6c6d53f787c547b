"""Events about loops: relay tests with what they propose, and how well a loop did."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.stream.event_model import Event
from gateway.tuning.figures import Figures


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, use_attribute_docstrings=True, json_schema_serialization_defaults_required=True
    )


class MeasuredCycle(_Part):
    """The limit cycle of a relay test. Times are the plant's."""

    period_s: float
    up_s: float
    """Time of a period for which the relay pushed up."""
    swing: float
    """From the lowest to the highest PV."""
    ultimate_gain: float
    """By the describing function; with `period_s` the ultimate point."""


class ProcessModel(_Part):
    """What the cycle says of the process."""

    kind: Literal["lag", "integrator"]
    gain: float
    """Static gain of a lag, slope of an integrator: PV unit per output unit (and second)."""
    lag_s: float | None = None
    delay_s: float


class ProposedSettings(_Part):
    """Parameters that a rule proposes."""

    kp: float
    ti_s: float
    td_s: float
    b: float


class AutotuneEvent(Event):
    """A relay test began, or ended: with a proposal, or without."""

    type: Literal["autotune"] = "autotune"
    name: str
    state: Literal["started", "finished", "aborted"]
    reason: str = ""
    """Why it was aborted, or why nothing is proposed."""
    amplitude: float
    """Largest step of the output."""
    set_point: float
    """Around which it switched."""
    cycle: MeasuredCycle | None = None
    model: ProcessModel | None = None
    proposals: dict[str, ProposedSettings] = Field(default_factory=dict)
    """By rule. Nothing takes them over but a person who accepts one."""
    command: str | None = None


class LoopPerformanceEvent(Figures, Event):
    """How well a loop did since the report before. PV and output in their units, times wall clock."""

    type: Literal["loop_performance"] = "loop_performance"
    name: str
