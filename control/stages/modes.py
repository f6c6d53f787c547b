"""Modes of loops: changing one without a bump, showing and announcing it."""

from __future__ import annotations

from control.image import Image
from control.kernels.jit import inlined, part
from control.layout import NOT_A_LINK
from control.rings import RingArrays
from control.signal import (
    FORCED,
    GOOD,
    KIND_MODE,
    MODE_CASCADE,
    MODE_MANUAL,
    MODE_OUT_OF_SERVICE,
    MODE_REMOTE,
    MODE_TRACKING,
    MODE_TUNING,
    OUT_OF_SERVICE,
    SUBSTITUTE,
    UNCERTAIN,
)
from control.stages.reports import Counters, publish
from control.stages.transitions import announce
from control.state import Loops, Tags

NOT_WRITTEN = UNCERTAIN | SUBSTITUTE
"""Quality of an output that is computed and goes nowhere."""


@inlined
def change_mode(loops: Loops, i: int, mode: int, ticket: int, utc_ns: int) -> None:
    """Put loop `i` into another mode; output and set-point stay where they are."""
    row = loops.row[i]
    if loops.mode[i] == MODE_CASCADE or loops.mode[i] == MODE_REMOTE:
        loops.target[i] = loops.sp[i]
    loops.mode[i] = mode
    loops.goal[i] = loops.output[i]
    loops.special[i] = 1
    row["mode_changes"] += 1
    row["mode_ticket"] = ticket
    row["mode_utc_ns"] = utc_ns


@part
def announce_mode(loops: Loops, transitions: RingArrays, i: int) -> bool:
    """Announce that a loop's mode has changed; False when that must wait for room."""
    row = loops.row[i]
    if row["mode_changes"] == 0:
        return True
    announced = announce(
        transitions,
        KIND_MODE,
        row["id"],
        row["mode_announced"],
        loops.mode[i],
        row["mode_utc_ns"],
        row["mode_ticket"],
        float(loops.mode[i]),
        row["mode_changes"],
    )
    if announced:
        row["mode_announced"] = loops.mode[i]
        row["mode_changes"] = 0
    return announced


@inlined
def _acts(loops: Loops, i: int) -> bool:
    """Say whether the output of loop `i` leads to where it acts: written, or taken by what it leads to."""
    row = loops.row[i]
    return bool(row["live"] != 0 if row["link"] == NOT_A_LINK else row["blocked"] == 0)


@inlined
def _shown_mode(loops: Loops, i: int) -> int:
    """Return the mode as it really is: tracking, while something else decides about the output."""
    mode = int(loops.mode[i])
    if loops.special[i] == 0 or mode in (MODE_MANUAL, MODE_OUT_OF_SERVICE):
        return mode
    if loops.row[i]["tested"] != 0:
        return MODE_TUNING
    tracks = loops.row[i]["forced"] != 0 or not _acts(loops, i)
    return MODE_TRACKING if tracks else mode


@inlined
def _output_quality(loops: Loops, i: int) -> int:
    """Return the quality of the output of a loop that something special may be the matter with."""
    quality = GOOD if _acts(loops, i) else NOT_WRITTEN
    if loops.mode[i] == MODE_OUT_OF_SERVICE:
        quality = UNCERTAIN | OUT_OF_SERVICE
    return quality | FORCED if loops.row[i]["forced"] != 0 else quality


@part
def show(
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
    """Give the tags that the loops bring (`.sp`, `.op`, `.mode`) their values."""
    for i in range(first, last):
        tag = int(loops.shown[i])
        quality = _output_quality(loops, i) if loops.special[i] != 0 else GOOD
        publish(image, tags, reports, counters, tag, loops.sp[i], GOOD, now_ns, utc_ns)
        publish(image, tags, reports, counters, tag + 1, loops.output[i], quality, now_ns, utc_ns)
        publish(image, tags, reports, counters, tag + 2, float(_shown_mode(loops, i)), GOOD, now_ns, utc_ns)
