"""Pacing by Python, where the C library has no `clock_nanosleep` or nothing is compiled.

The same grid and the same account as `control.course`; the scan is as late as the interpreter is busy.
"""

from __future__ import annotations

import time

from control.course import scan
from control.kernels.atomic import Words
from control.pacing import CLOSE_PAUSE_NS, CLOSE_TRIES, LEFT, STOP, STOP_AS_IS, copy_between_scans, record
from control.scan import close
from control.state import State


def run(state: State, switch: Words, live: Words, copy: Words, period_ns: int) -> None:
    """Scan until asked to stop, then push the safe outputs. Paced by the interpreter."""
    deadline_ns = time.monotonic_ns()
    while switch[STOP] == 0:
        time.sleep(max(0, deadline_ns - time.monotonic_ns()) * 1e-9)
        started_ns, utc_ns = time.monotonic_ns(), time.time_ns()
        scan(state, started_ns, utc_ns)
        deadline_ns = record(state, deadline_ns, started_ns, utc_ns, time.monotonic_ns(), period_ns)
        copy_between_scans(state, switch, live, copy, utc_ns)
    if switch[STOP] == STOP_AS_IS:
        return
    for _ in range(CLOSE_TRIES):
        switch[LEFT] = close(state, time.time_ns())
        if switch[LEFT] == 0:
            break
        time.sleep(CLOSE_PAUSE_NS * 1e-9)
