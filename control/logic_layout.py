"""The engine's rows of interlocks, bypasses, first-out groups, permissives and units."""

from __future__ import annotations

from typing import Final

import numpy as np

INTERLOCK = np.dtype(
    [
        ("utc_ns", "i8"),
        ("ticket", "i8"),
        ("first", "i8"),  # of its forces
        ("last", "i8"),
        ("first_condition", "i8"),
        ("last_condition", "i8"),
        ("group", "i8"),  # its first-out group, or -1
        ("member", "i8"),  # its position in the group
        ("latched", "i8"),
        ("on_bad", "i8"),
        ("demanded", "i8"),  # 1: a condition holds now, or is bad and on_bad
        ("waits", "i8"),  # 1: demanded only because first values are awaited
        ("active", "i8"),  # 1: it acts: latched, announced
        ("tripped", "i8"),  # bits: the conditions that held when it became active
        ("first_out", "i8"),  # the condition that came first, or FIRST_OUT_*
        ("order", "i8"),  # its place among those of its group; those of one scan share one; 0: none
        ("announced", "i8"),
        ("changes", "i8"),
    ]
)
"""An interlock. It forces while it is demanded or active, and not bypassed."""
CONDITION = np.dtype([("entry", "i8")])
"""One condition of an interlock or a permissive: an entry of the program."""
FIRST_OUT_NONE: Final = -2
"""None yet, since the last reset."""
FIRST_OUT_UNKNOWN: Final = -1
"""Several came within one scan: which was first nobody can tell."""
BYPASS = np.dtype(
    [
        ("most_ns", "i8"),  # longest bypass; 0: it cannot be bypassed
        ("until_ns", "i8"),  # monotonic; 0: not bypassed
        ("ends_ns", "i8"),  # UTC of the end, for the event
        ("utc_ns", "i8"),
        ("ticket", "i8"),
        ("announced", "i8"),
        ("changes", "i8"),
    ]
)
"""The bypass of an interlock."""
FIRST_OUT = np.dtype(
    [
        ("first", "i8"),  # member that acted first since the reset, or FIRST_OUT_*
        ("order", "i8"),  # scans in which members acted since the reset
        ("scan", "i8"),  # the last of them
        ("utc_ns", "i8"),
        ("ticket", "i8"),
        ("announced", "i8"),
        ("changes", "i8"),
    ]
)
"""A first-out group of interlocks."""
GUARD = np.dtype(
    [
        ("loop", "i8"),  # position in the site's loops, or -1
        ("unit", "i8"),  # position in the site's units, or -1
        ("phase", "i8"),  # its code
        ("first_condition", "i8"),
        ("last_condition", "i8"),
    ]
)
"""What a permissive guards: a loop's automatic modes, or the start of a unit's phase."""
ASKED = np.dtype(
    [
        ("kind", "i8"),  # ASKED_*
        ("index", "i8"),  # of the alarm, interlock or unit
        ("phase", "i8"),  # code of the phase that is asked for
        ("register", "i8"),  # where expressions look for the answer
    ]
)
"""A state that expressions ask for."""
ASKED_ALARM: Final = 0
ASKED_INTERLOCK: Final = 1
ASKED_BYPASS: Final = 2
ASKED_PHASE: Final = 3
UNIT = np.dtype([("phase", "i8")])  # code of the present phase; 0: none
"""What the engine knows of a unit."""
FORCE = np.dtype([("value", "f8"), ("slot", "i8")])
"""One output that an interlock forces."""
