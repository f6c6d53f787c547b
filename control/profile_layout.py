"""The engine's rows of set-point profiles."""

from __future__ import annotations

from typing import Final

import numpy as np

PROFILE = np.dtype(
    [
        ("loop", "i8"),  # row of the loop
        ("first", "i8"),  # of its segments
        ("last", "i8"),
        ("unit", "i8"),  # position in the site's units
        ("first_phase", "i8"),  # of the phases that run it
        ("last_phase", "i8"),
        ("longest_ns", "i8"),  # most that one scan counts: a gap is not counted blindly
        ("in_phase", "i8"),  # 1: one of its phases is the unit's, since the last look
        ("state", "i8"),  # PROFILE_*
        ("segment", "i8"),  # the one that runs, counted from its first
        ("began_at", "f8"),  # set-point at which the segment began
        ("counted_ns", "i8"),  # time of the segment without waiting
        ("waited_ns", "i8"),  # all its time
        ("cause", "i8"),  # PROFILE_BY_* of the last change
        ("ticket", "i8"),
        ("utc_ns", "i8"),
        ("announced_state", "i8"),
        ("changes", "i8"),
    ]
)
"""A set-point profile."""
SEGMENT = np.dtype(
    [
        ("ramps", "i8"),  # 1: a ramp, 0: a hold
        ("goal", "f8"),  # set-point at the end of the ramp
        ("rate", "f8"),  # per second; inf: a step, or as `over_ns` says
        ("over_ns", "i8"),  # time of the ramp; 0: by its rate
        ("hold_ns", "i8"),
        ("condition", "i8"),  # entry of the program, or -1
        ("within", "f8"),
        ("timeout_ns", "i8"),
        ("on_timeout", "i8"),  # TIMEOUT_*
    ]
)
"""A segment of a profile. Times are wall-clock, divided by the plant's speed."""
PHASE = np.dtype([("code", "i8")])
"""A phase that runs a profile."""

PROFILE_IDLE: Final = 0
PROFILE_RUNNING: Final = 1
PROFILE_HELD: Final = 2
PROFILE_COMPLETE: Final = 3
PROFILE_ABORTED: Final = 4

PROFILE_BY_COMMAND: Final = 0
PROFILE_BY_ITSELF: Final = 1  # the segment ended
PROFILE_BY_TIMEOUT: Final = 2
PROFILE_BY_MODE: Final = 3  # the loop left auto
PROFILE_BY_PHASE: Final = 4

TIMEOUT_NEXT: Final = 0
TIMEOUT_HOLD: Final = 1
TIMEOUT_ABORT: Final = 2
