"""Who may write to which device, and what people put in the place of values: rows of the engine."""

from __future__ import annotations

from typing import Final

import numpy as np

COMMANDED_OFF: Final = -1
NOTHING_COMMANDED: Final = 0
COMMANDED_ON: Final = 1

HELD_OUT_OF_SERVICE: Final = 1
HELD_WITHOUT_LEASE: Final = 2
"""Bits of `held`: why the gateway itself does not write to a device, whatever people say."""

DEVICE = np.dtype(
    [
        ("configured", "i8"),  # 1: armed where nobody has said otherwise
        ("commanded", "i8"),  # COMMANDED_*
        ("held", "i8"),  # HELD_*; 0: nothing holds the writes back
    ]
)
"""Whether a device is written to; the gateway as a whole has to be armed too."""

OVERRIDE_LIMIT: Final = 64
"""Tags that can be forced or simulated at a time."""
NO_OVERRIDE: Final = -1
NOT_AN_OUTPUT: Final = -1

OVERRIDE = np.dtype(
    [
        ("value", "f8"),  # in the tag's unit
        ("until_ns", "i8"),  # monotonic
        ("ends_ns", "i8"),  # the same in UTC, for people
        ("kind", "i8"),  # OVERRIDE_* of control.actuation_signal; 0: the row is free
        ("tag", "i8"),
        ("slot", "i8"),  # of a forced output, or NOT_AN_OUTPUT
        ("ended", "i8"),  # why it ended, while that is not announced yet; 0: it holds
        ("ended_utc_ns", "i8"),
        ("ended_ticket", "i8"),
        # What the device said last: it comes back at the end.
        ("under_value", "f8"),
        ("under_source_ns", "i8"),
        ("under_quality", "u4"),
        ("under_status", "u4"),
    ]
)
"""A tag whose value a person gives: forced, or simulated."""
