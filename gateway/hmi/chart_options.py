"""Where a line of reports breaks."""

from __future__ import annotations

from typing import Final

from config.site import Site

_GAP_HEARTBEATS: Final = 2.5
"""A polled tag is reported at least every heartbeat: after this many, nobody knows its value."""


def gap_s(site: Site, name: str) -> float:
    """Return how long a polled tag may be silent before its line breaks."""
    return _GAP_HEARTBEATS * site.tags[name].report.heartbeat
