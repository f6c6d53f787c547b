"""Remote set-points: what a tag gives to a loop in mode remote, with its ratio and bias.

Entering the mode does not bump: the ratio becomes what leaves the set-point where it is, or, where the
configured ratio is kept, the integral takes over what the step of the set-point would do to the output.
"""

from __future__ import annotations

import math

from control.image import Image
from control.kernels import pid
from control.kernels.filters import clamp
from control.kernels.jit import inlined, part
from control.rings import RingArrays, Row, Rows
from control.signal import BAD, GOOD, MODE_AUTO, MODE_REMOTE
from control.stages.modes import change_mode
from control.stages.reports import Counters, publish
from control.state import Loops, Tags


@part
def take_remote_set_points(
    remotes: Rows,
    loops: Loops,
    image: Image,
    tags: Tags,
    reports: RingArrays,
    counters: Counters,
    first: int,
    last: int,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Give the loops of remotes first..last-1 that are in mode remote their set-points.

    While the source is bad the set-point stays; when it has been so for the loop's `bad_pv_after`,
    the loop goes on in auto.
    """
    for r in range(first, last):
        remote = remotes[r]
        i = remote["loop"]
        if loops.mode[i] == MODE_REMOTE:
            if is_usable(remote, image):
                remote["bad_since_ns"] = 0
                _take(remote, loops, i, image.value[remote["tag"]])
            else:
                remote["joins"] = 1
                _shed(remote, loops, counters, i, now_ns, utc_ns)
        if remote["shown"] >= 0:
            publish(image, tags, reports, counters, remote["shown"], remote["ratio"], GOOD, now_ns, utc_ns)


@inlined
def is_usable(remote: Row, image: Image) -> bool:
    """Say whether the source of a remote set-point has a usable value."""
    usable: bool = image.quality[remote["tag"]] < BAD and math.isfinite(image.value[remote["tag"]])
    return usable


@part
def _take(remote: Row, loops: Loops, i: int, source: float) -> None:
    row = loops.row[i]
    joins = remote["joins"] != 0
    remote["joins"] = 0
    if joins and remote["back_calculates"] != 0:
        ratio = (loops.sp[i] - remote["bias"]) / source
        remote["ratio"] = ratio if math.isfinite(ratio) else remote["ratio"]
    wanted = remote["ratio"] * source + remote["bias"]
    if not math.isfinite(wanted):
        return
    loops.target[i] = clamp(wanted, row["sp_low"], row["sp_high"])
    if joins and not math.isfinite(loops.sp_rate[i]):
        pid.move_set_point(loops, i, loops.target[i])


@part
def _shed(remote: Row, loops: Loops, counters: Counters, i: int, now_ns: int, utc_ns: int) -> None:
    if remote["bad_since_ns"] == 0:
        remote["bad_since_ns"] = now_ns
    elif now_ns - remote["bad_since_ns"] >= loops.row[i]["bad_after_ns"]:
        remote["bad_since_ns"] = 0
        change_mode(loops, i, MODE_AUTO, 0, utc_ns)
        counters[0]["pending"] += 1
