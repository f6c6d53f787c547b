"""First-out groups: which of some alarms came first, kept until an operator resets the group.

Of alarms that one scan sees, the source times decide. Activations closer together than a scan cannot
be told apart: then no alarm is named the first.
"""

from __future__ import annotations

from control.alarm_signal import KIND_ALARM_FIRST_OUT, REFUSED_STANDING
from control.alarm_states import ACTIVE
from control.kernels.jit import part
from control.rings import RingArrays, Row
from control.signal import REFUSED_INVALID
from control.stages.reports import Counters
from control.stages.transitions import ANSWERED, put
from control.state import Alarms


@part
def join(alarms: Alarms, i: int, utc_ns: int) -> None:
    """Let alarm `i`, which was just annunciated, take its place in its group."""
    row = alarms.row[i]
    group = alarms.groups[row["group"]]
    if row["order"] != 0 and group["count"] != 0:
        return
    group["count"] += 1
    row["order"] = group["count"]
    if group["count"] == 1:
        _lead(alarms, group, i, utc_ns)
    elif utc_ns == group["came_ns"] and row["onset_ns"] < group["onset_ns"]:
        alarms.row[group["first"]]["order"] = row["order"]
        row["order"] = 1
        _lead(alarms, group, i, utc_ns)
        for m in range(group["first_member"], group["last_member"]):
            other = alarms.row[alarms.members[m]]
            if other["order"] > 1:
                _compare(group, other["onset_ns"], utc_ns)
    else:
        _compare(group, row["onset_ns"], utc_ns)


@part
def _lead(alarms: Alarms, group: Row, i: int, utc_ns: int) -> None:
    group["first"] = i
    group["onset_ns"] = alarms.row[i]["onset_ns"]
    group["came_ns"] = group["utc_ns"] = utc_ns
    group["indeterminate"] = group["ticket"] = 0
    group["changes"] += 1


@part
def _compare(group: Row, onset_ns: int, utc_ns: int) -> None:
    """Note that another alarm came too close to the first one to be told from it."""
    apart = onset_ns - group["onset_ns"]
    if -group["tie_ns"] < apart < group["tie_ns"] and group["indeterminate"] == 0:
        group["indeterminate"] = 1
        group["utc_ns"] = utc_ns
        group["changes"] += 1


@part
def announce_groups(alarms: Alarms, transitions: RingArrays, counters: Counters) -> None:
    """Announce what changed in groups, or leave it pending when there is no room."""
    for g in range(len(alarms.groups)):
        group = alarms.groups[g]
        if group["changes"] == 0:
            continue
        occurrence = alarms.row[group["first"]]["occurrence"] if group["first"] >= 0 else 0
        announced = put(
            transitions,
            KIND_ALARM_FIRST_OUT,
            g,
            group["announced"],
            group["first"],
            group["utc_ns"],
            group["ticket"],
            float(group["count"]),
            0.0,
            group["changes"],
            group["onset_ns"],
            occurrence,
            group["indeterminate"],
        )
        if announced:
            group["announced"] = group["first"]
            group["changes"] = 0
        else:
            counters[0]["transitions_deferred"] += 1


@part
def reset_group(
    alarms: Alarms, transitions: RingArrays, counters: Counters, command: Row, utc_ns: int
) -> int:
    """Forget which alarm of a group came first, and answer; or return why not."""
    g = int(command["index"])
    if not 0 <= g < len(alarms.groups):
        return REFUSED_INVALID
    group = alarms.groups[g]
    if group["count"] == 0:
        return REFUSED_STANDING
    for m in range(group["first_member"], group["last_member"]):
        if alarms.row[alarms.members[m]]["flags"] & ACTIVE != 0:
            return REFUSED_STANDING
    announce_groups(alarms, transitions, counters)
    for m in range(group["first_member"], group["last_member"]):
        alarms.row[alarms.members[m]]["order"] = 0
    group["first"] = -1
    group["count"] = group["indeterminate"] = 0
    group["utc_ns"] = utc_ns
    group["ticket"] = command["ticket"]
    group["changes"] += 1
    announce_groups(alarms, transitions, counters)
    return ANSWERED
