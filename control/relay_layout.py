"""Rows of the relay test: what is configured, how the experiment goes, and what it measured."""

from __future__ import annotations

from typing import Final

import numpy as np

RELAY: Final = np.dtype(
    [
        # Configured. Times are wall seconds: the tables have divided the plant's by its speed.
        ("loop", "i8"),  # row of the loop in the columns
        ("id", "i8"),  # position of the loop in the site
        ("up", "f8"),  # largest step of the output in the direction that raises the PV
        ("down", "f8"),
        ("hysteresis", "f8"),  # PV unit
        ("max_deviation", "f8"),  # PV unit
        ("timeout_s", "f8"),
        ("cycles", "i8"),  # alike ones that are averaged
        # The experiment.
        ("state", "i8"),  # RELAY_*
        ("cause", "i8"),  # ABORT_*, where it was aborted
        ("pushes", "i8"),  # 1 up, -1 down
        ("sign", "f8"),  # of the loop's gain
        ("centre", "f8"),  # set-point around which it switches
        ("start_output", "f8"),
        ("start_pv", "f8"),
        ("scale", "f8"),  # share of the configured step that is used
        ("elapsed_s", "f8"),
        ("half_s", "f8"),  # since the last switch
        ("up_s", "f8"),  # of the cycle that runs
        ("high", "f8"),  # PV - centre, of the cycle that runs
        ("low", "f8"),
        ("pv_area", "f8"),  # of PV - start_pv
        ("output_area", "f8"),  # of sign * (output - start_output)
        ("period_s", "f8"),  # of the cycle before; 0: none
        ("swing", "f8"),
        ("alike", "i8"),  # cycles in the sums below
        # Measured: sums over the alike cycles, their means once it is finished.
        ("mean_up_s", "f8"),
        ("mean_down_s", "f8"),
        ("mean_high", "f8"),
        ("mean_low", "f8"),
        ("mean_pv", "f8"),
        ("mean_output", "f8"),
        # Announcing.
        ("returns", "i8"),  # 1: the loop is, or comes back, from the test
        ("utc_ns", "i8"),
        ("ticket", "i8"),
        ("announced", "i8"),
        ("changes", "i8"),
    ]
)
"""A loop that may be tuned."""

RELAY_IDLE: Final = 0
RELAY_RUNNING: Final = 1
RELAY_FINISHED: Final = 2
RELAY_ABORTED: Final = 3

ABORT_NONE: Final = 0
ABORT_DEVIATION: Final = 1  # the PV left max_deviation
ABORT_TIMEOUT: Final = 2
ABORT_BAD_PV: Final = 3
ABORT_MODE: Final = 4  # somebody changed the mode
ABORT_INTERLOCK: Final = 5
ABORT_NOT_WRITTEN: Final = 6  # the output was no longer written, or taken by what it leads to
ABORT_STOPPED: Final = 7  # by command
ABORT_GAP: Final = 8  # executions were missed: the measurement is worth nothing

ALIKE: Final = 0.1
"""Cycles are alike when period and swing differ by no more than this share."""
