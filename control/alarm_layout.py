"""The rows of the engine that belong to alarms, with the meaning of each field (see `control.layout`)."""

from __future__ import annotations

import numpy as np

ALARM = np.dtype(
    [
        ("limit", "f8"),  # NaN: of a type without one
        ("trip", "f8"),  # threshold while not active, in units of sign * value
        ("clear", "f8"),  # threshold while active: still active at or above it
        ("on_ns", "i8"),
        ("off_ns", "i8"),
        ("period_ns", "i8"),  # between two looks at its condition; 0: every scan
        ("re_alarm_ns", "i8"),  # 0: acknowledged, it stays so
        ("shelve_ns", "i8"),  # longest time on the shelf; 0: it must not be shelved
        ("latching", "i8"),
        ("group", "i8"),  # first-out group, or -1
        ("value", "f8"),  # at the last transition
        ("since_ns", "i8"),  # monotonic time since when the condition differs; 0: it does not
        ("violated_ns", "i8"),  # UTC of the violation that may become an occurrence
        ("onset_ns", "i8"),  # UTC of the occurrence's first violation
        ("annunciated_ns", "i8"),  # UTC of the occurrence's annunciation; 0: logged alone
        ("occurrence", "i8"),
        ("acknowledged_ns", "i8"),  # monotonic time of the acknowledgement, for the re-alarm
        ("shelved_until_ns", "i8"),  # monotonic; 0: not on the shelf
        ("until_ns", "i8"),  # the same in UTC
        ("utc_ns", "i8"),  # of the last transition that is not announced yet
        ("ticket", "i8"),
        ("flags", "i8"),  # of `control.alarm_states`
        ("announced", "i8"),  # flags that the last announced transition led to
        ("trigger", "i8"),  # of the last transition
        ("changes", "i8"),  # transitions not announced yet
        ("order", "i8"),  # in its first-out group since the group's reset; 0: none
    ]
)
"""What a scan needs of an alarm only when its condition changes."""

DERIVED = np.dtype(
    [
        ("slot", "i8"),  # cell of the image, after those of the tags
        ("entry", "i8"),  # of the program, or -1: 1 while all the watched tags are not good
        ("first", "i8"),  # of the watched tags
        ("last", "i8"),  # one after the last
        ("reasons", "i8"),  # of their qualities that count
    ]
)
"""A value that an alarm compares and that no tag has: a deviation, a rate, a state, a signal's loss."""

SUPPRESSION = np.dtype(
    [
        ("entry", "i8"),  # condition in the program, or -1
        ("unit", "i8"),  # whose phases suppress
        ("first_phase", "i8"),
        ("last_phase", "i8"),  # one after the last
        ("first", "i8"),  # of the alarms that it suppresses
        ("last", "i8"),
        ("holds", "i8"),  # 1: it suppresses now; -1: not known yet
    ]
)
"""Why alarms are suppressed by design."""

FIRST_OUT = np.dtype(
    [
        ("tie_ns", "i8"),  # activations closer than this cannot be told apart
        ("first_member", "i8"),
        ("last_member", "i8"),  # one after the last
        ("first", "i8"),  # alarm that came first since the reset, or -1
        ("count", "i8"),  # alarms of the group that have come since the reset
        ("onset_ns", "i8"),  # UTC of the first one's violation
        ("came_ns", "i8"),  # UTC of the scan that saw it
        ("indeterminate", "i8"),  # 1: another one came too close to the first
        ("utc_ns", "i8"),  # of the last change that is not announced yet
        ("ticket", "i8"),
        ("announced", "i8"),  # first alarm as it was announced last
        ("changes", "i8"),
    ]
)
"""Alarms of which the operator wants to know which came first."""
