"""The engine's tables: one row type for each kind of thing it keeps, with the meaning of each field.

What is read once in a while is kept in rows (one thing's fields side by side: a sample touches the
row of its tag and nothing else). What every scan reads for every loop or alarm is kept in columns
(`control.state`), because columns vectorise. Times are wall-clock here: `control.tables` has
divided the plant's times by the plant's speed.
"""

from __future__ import annotations

from typing import Final

import numpy as np

NEVER: Final = 2**63 - 1
"""A monotonic time that does not come."""
BEFORE_ALL: Final = -(2**62)
"""A source time before every other."""
NOT_A_SLOT: Final = -1
NOT_A_LINK: Final = -1

# What a tag is for the engine.
ROLE_UNUSED: Final = 0  # texts: they travel beside the engine
ROLE_DEVICE: Final = 1  # read from a device: goes stale without samples
ROLE_ENGINE: Final = 2  # written by the engine each scan: loops, calculations, internal tags
ROLE_WRITTEN: Final = 3  # only written to a device: shows what was sent last

TAG = np.dtype(
    [
        ("gain", "f8"),  # engineering = raw * gain + offset
        ("offset", "f8"),
        ("clamp_low", "f8"),  # -inf, inf: not clamped
        ("clamp_high", "f8"),
        ("low", "f8"),  # outside [low, high] is uncertain
        ("high", "f8"),
        ("filter_ns", "f8"),  # time constant; 0: no filter
        ("fail_value", "f8"),  # NaN: none
        ("stale_ns", "i8"),  # NEVER: does not go stale
        ("frozen_ns", "i8"),  # NEVER: may stay the same for ever
        ("device", "i8"),
        ("role", "i8"),
    ]
)
"""How the samples of a tag are conditioned, and how long one holds."""

REPORTED = np.dtype(
    [
        # What every offer of a report asks for lies side by side: 64 bytes.
        ("value", "f8"),  # of the last report
        ("source_ns", "i8"),
        ("at_ns", "i8"),  # monotonic time of the last report
        ("deadband", "f8"),
        ("heartbeat_ns", "i8"),
        ("quality", "u4"),
        ("ordinal", "u4"),
        ("refused", "u4"),  # reports refused since the last one that was accepted
        ("count", "u4"),  # reports; 0: none yet
        ("refused_total", "u4"),
        ("sampled_quality", "u4"),  # of the last sample in the image, before it went stale
        ("arrived_ns", "i8"),  # monotonic time of the last sample that entered the image
        ("measured_ns", "i8"),  # source time of the last usable sample in the image
        ("filtered", "f8"),  # the filter's state: NaN before the first sample
        ("filtered_ns", "i8"),  # monotonic time that the filter has reached
        ("raw", "f8"),  # as the device gave it last; NaN: not yet
        ("changed_ns", "i8"),  # monotonic time since which that is the same
        ("late_source_ns", "i8"),  # of the last report that did not enter the image
        ("late_ordinal", "u4"),
        ("spare", "u4"),
    ]
)
"""What was last reported of a tag and when it is news again, and the state of its conditioning."""

LOOP = np.dtype(
    [
        ("kp", "f8"),  # as configured or tuned, with the sign of the action
        ("ti", "f8"),
        ("td", "f8"),
        ("tt", "f8"),
        ("kp_factor", "f8"),  # of the gain schedule, 1 without one
        ("ti_factor", "f8"),
        ("td_factor", "f8"),
        ("lead_s", "f8"),  # of the feed-forward
        ("sp_low", "f8"),
        ("sp_high", "f8"),
        ("safe", "f8"),
        ("force", "f8"),  # value that an interlock forces
        ("time_factor", "f8"),  # wall seconds for one second of the plant
        ("default_tt", "i8"),  # 1: tt follows from ti and td
        ("integral_only", "i8"),  # 1: no proportional part
        ("incremental", "i8"),  # 1: the form that adds increments to the value really applied
        ("ramp_from_pv", "i8"),  # 1: a set-point ramp begins at the PV
        ("shaped", "i8"),  # 1: something of `Shaping` stands before its law
        ("profiled", "i8"),  # 1: a set-point profile runs or is held: nobody else moves the set-point
        ("fed_forward", "i8"),  # 1: it has a disturbance to feed forward
        ("group", "i8"),
        ("direct", "i8"),  # 1: the gain is negative
        ("bad_after_ns", "i8"),
        ("bad_since_ns", "i8"),  # monotonic; 0: the PV is usable
        ("mode_utc_ns", "i8"),  # of the last change of mode that is not announced yet
        ("mode_ticket", "i8"),
        ("on_bad", "i8"),  # BAD_*
        ("fallback", "i8"),  # 1: bad_after_ns has passed and the fallback acts
        ("forced", "i8"),
        ("live", "i8"),  # 1: the output is being written
        ("mode_announced", "i8"),
        ("mode_changes", "i8"),  # not announced yet
        ("id", "i8"),  # position in the site's loops
        ("slot", "i8"),  # of the output, or NOT_A_SLOT when there is a link or the device must not be written
        ("output_tag", "i8"),
        ("link", "i8"),  # the way of its output through a structure, or NOT_A_LINK
        ("blocked", "i8"),  # 1: what the output leads to does not take it, so the output follows that
        ("remote", "i8"),  # its remote set-point, or -1
        ("tested", "i8"),  # 1: its output follows a relay test
        ("fed", "i8"),  # 1: another loop gives its set-point in MODE_CASCADE
        ("reads_output", "i8"),  # 1: what the actuator does can be read
        ("first_point", "i8"),  # of its gain schedule
        ("last_point", "i8"),  # one after the last
    ]
)
"""What a scan needs of a loop only when something happens to it."""

BAD_HOLD: Final = 0
BAD_SAFE: Final = 1
BAD_MANUAL: Final = 2

GROUP = np.dtype(
    [
        ("first", "i8"),
        ("last", "i8"),  # one after the last
        ("period_ns", "i8"),
        ("executed_ns", "i8"),  # monotonic time of the last execution; 0: never
        ("slack_ns", "i8"),  # so much earlier counts as its period: it follows the scan's clock
        ("shaped", "i8"),  # 1: something of `Shaping` stands before the law of some of its loops
        ("scheduled", "i8"),  # 1: some of its loops have a gain schedule
        ("nodes", "i8"),  # so many nodes come before it
        ("first_link", "i8"),  # of its loops
        ("last_link", "i8"),
        ("first_remote", "i8"),
        ("last_remote", "i8"),
    ]
)
"""Loops that lie side by side in the columns, have the same period and do not feed each other."""

GAIN_POINT = np.dtype([("at", "f8"), ("kp", "f8"), ("ti", "f8"), ("td", "f8")])
"""A point of a gain schedule: factors on the loop's parameters where its tag has that value."""

SLOT = np.dtype(
    [
        ("value", "f8"),  # wanted now
        ("sent", "f8"),  # value of the last row in the output ring; NaN: none
        ("sent_ns", "i8"),
        ("force", "f8"),
        ("resume", "f8"),  # wanted before it was forced; NaN: nobody knows
        ("safe", "f8"),  # NaN: none, nothing is pushed when the outputs are disarmed
        ("low", "f8"),
        ("high", "f8"),
        ("tag", "i8"),
        ("device", "i8"),
        ("loop", "i8"),  # row of the loop that owns it, or -1
        ("link", "i8"),  # that leads to it, or NOT_A_LINK
        ("forced", "i8"),  # FORCED_*
        ("live", "i8"),  # 1: written while armed
        ("closing", "i8"),  # 1: the value to be left at still has to be pushed
        ("leave_at", "f8"),
        ("reason", "i8"),
        ("role", "i8"),  # of the tag
    ]
)
"""A writable tag."""

FORCED_BY_INTERLOCK: Final = 1
FORCED_BY_PERSON: Final = 2
"""What forces an output; 0: nothing does. An interlock wins."""

WATCHDOG = np.dtype([("tag", "i8"), ("device", "i8"), ("is_bool", "i8")])
"""A tag that carries the engine's counter to a device."""

COUNTERS = np.dtype(
    [
        ("scan", "i8"),  # number of the scan that runs or ran last
        ("scanned_ns", "i8"),  # monotonic time of the scan before; 0: none
        ("occurrences", "i8"),  # id of the last alarm occurrence
        ("armed", "i8"),
        ("armed_announced", "i8"),
        ("arm_at_start", "i8"),
        ("beats", "i8"),  # the watchdog's counter
        ("beat_ns", "i8"),  # monotonic time of the last one
        ("reports_refused", "i8"),
        ("outputs_refused", "i8"),  # an output row found no room; the value goes next scan
        ("statistics_refused", "i8"),
        ("transitions_deferred", "i8"),  # a transition found no room and stays pending
        ("commands_deferred", "i8"),  # scans in which commands waited for room for their answers
        ("late", "i8"),  # samples that were only reported: backfilled, or older than the image
        ("unknown", "i8"),  # inbox rows of no tag or device
        ("pending", "i8"),  # not 0: a mode or an interlock changed and is not announced yet
        ("forcing", "i8"),  # interlocks that force
        ("forced", "i8"),  # 1: outputs are marked as forced
        ("testing", "i8"),  # loops under a relay test
        ("overrides", "i8"),  # tags that are forced or simulated
        ("overruns", "i8"),  # periods missed; counted by the pacing
    ]
)
"""One row: what belongs to the engine as a whole."""
