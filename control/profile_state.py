"""The engine's set-point profiles: arrays, allocated once."""

from __future__ import annotations

from typing import NamedTuple

from control.rings import Rows


class Profiles(NamedTuple):
    """Set-point profiles."""

    profiles: Rows
    """PROFILE rows."""
    segments: Rows
    """SEGMENT rows, a profile's side by side."""
    phases: Rows
    """PHASE rows, a profile's side by side."""
