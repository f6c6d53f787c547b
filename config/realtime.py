"""How the operating system is asked to treat the engine's thread."""

from __future__ import annotations

from pydantic import Field

from config.model import Model


class RealTime(Model):
    """Optional, and only where the operating system allows it; the gateway runs without it, and says so."""

    priority: int | None = Field(default=None, ge=1, le=98)
    """Real-time priority (SCHED_FIFO) of the engine's thread; none is that of any program."""
    cpus: list[int] = Field(default_factory=list)
    """Processors that the engine's thread may run on, counted from 0; none is all."""
