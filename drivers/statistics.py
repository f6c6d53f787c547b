"""What a device's session has done, in numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Statistics:
    """Counters since the session was made; they only grow."""

    attempts: int = 0
    connects: int = 0
    failures: int = 0
    """Connections that an error ended, or that could not be made."""
    reads: int = 0
    samples: int = 0
    timeouts: int = 0
    hung: int = 0
    """Calls that outran the backstop: the driver itself did not end them."""
    unexpected: int = 0
    """Errors that no driver should raise."""
    periods_missed: int = 0
    writes: int = 0
    writes_refused: int = 0
    write_overflow: int = 0
    writes_verified: int = 0
    writes_differing: int = 0
    """Writes that the device took, and then showed another value."""
