"""Structures: how values go from loops through selectors and splits, and what is known of it backwards.

Each scan looks back first, from the actuators up: what does each destination take, and what has it
really? A loop whose output is not taken follows what its destination has (that is how initialisation
passes up a cascade), one whose output is taken learns what became of it, for its anti-windup. Then, as
the groups of loops are executed from the top down, values go forward.
"""

from __future__ import annotations

import math

from control.image import Image
from control.kernels import pid
from control.kernels.filters import clamp
from control.kernels.jit import inlined, part
from control.layout import NOT_A_SLOT, ROLE_WRITTEN
from control.rings import Row
from control.signal import BAD, MODE_CASCADE, MODE_OUT_OF_SERVICE, STALE, WAITING
from control.stages import nodes
from control.stages.arming import is_armed
from control.stages.reports import Counters
from control.state import Loops, Outputs, Structures
from control.structure_layout import READY, WITHDRAWN


@part
def look_back(
    structures: Structures, loops: Loops, outputs: Outputs, image: Image, counters: Counters
) -> None:
    """Find out what every link's destination takes and has, the last ones first."""
    links, rows = structures.links, structures.nodes
    for k in range(len(links) - 1, -1, -1):
        link = links[k]
        was_blocked = link["blocked"]
        if link["loop"] >= 0:
            _look_at_loop(link, loops)
        elif link["node"] >= 0:
            link["blocked"] = rows[link["node"]]["blocked"]
            link["actual"] = rows[link["node"]]["actual"]
        else:
            _look_at_actuator(link, outputs, image, counters)
        if link["blocked"] != 0:
            link["value"] = link["actual"]
        elif was_blocked != 0 and link["from_node"] >= 0:
            nodes.take_up(link, rows[link["from_node"]])
        if link["from_loop"] >= 0:
            _tell(link, loops)
        elif k == rows[link["from_node"]]["first_link"]:
            nodes.resolve(rows[link["from_node"]], links)


@inlined
def _look_at_loop(link: Row, loops: Loops) -> None:
    """An inner loop in cascade that regulates takes its set-point; what it has is that set-point.

    Once it cannot follow (its output is at a limit or held back by its rate, or something behind it is),
    what it has is its PV: so the integral of the outer loop rests there (external reset) instead of
    winding up.
    """
    i = link["loop"]
    takes = loops.mode[i] == MODE_CASCADE and loops.special[i] == 0
    u = loops.output[i]
    free = loops.out_low[i] < u < loops.out_high[i] and loops.goal[i] == u
    follows = free and loops.applied[i] == u
    begins = link["blocked"] != 0 or link["ready"] == WITHDRAWN
    link["blocked"] = 0 if takes else 1
    link["actual"] = loops.sp[i] if follows or begins or not takes else loops.y[i]


@part
def _look_at_actuator(link: Row, outputs: Outputs, image: Image, counters: Counters) -> None:
    """Look whether an actuator is written, and what it does; begin to write it when all is ready."""
    value, quality = image.value[link["tag"]], int(image.quality[link["tag"]])
    known = quality < BAD and math.isfinite(value)
    if link["slot"] == NOT_A_SLOT:
        link["blocked"] = 1
        link["actual"] = value if known else link["actual"]
        return
    slot = outputs.slots[link["slot"]]
    if slot["forced"] != 0:
        link["blocked"] = 1
        link["actual"] = slot["force"]
        return
    if link["ready"] == WITHDRAWN:
        slot["live"] = 0
    link["blocked"] = 0 if slot["live"] != 0 else 1
    if slot["live"] != 0:
        link["actual"] = _read_back(link, image)
        return
    reads = slot["role"] != ROLE_WRITTEN
    if reads and known:
        link["actual"] = value
    elif math.isfinite(slot["sent"]):
        link["actual"] = slot["sent"]  # out of service, it stays where it was put
    elif math.isfinite(slot["leave_at"]):
        link["actual"] = slot["leave_at"]
    awaited = reads and quality & WAITING != 0 and quality & STALE == 0
    if link["ready"] == READY and is_armed(outputs, counters, link["slot"]) and not awaited:
        slot["live"] = 1


@inlined
def _read_back(link: Row, image: Image) -> float:
    """Return what a written actuator really does: the value sent, or what is measured beyond tolerance."""
    sent: float = link["value"]
    if link["readback"] < 0:
        return sent
    measured = image.value[link["readback"]]
    if image.quality[link["readback"]] >= BAD or not math.isfinite(measured):
        return sent
    return clamp(sent, measured - link["tolerance"], measured + link["tolerance"])


@inlined
def _tell(link: Row, loops: Loops) -> None:
    """Tell a loop what became of its output."""
    i = link["from_loop"]
    row = loops.row[i]
    if link["blocked"] != 0:
        row["blocked"] = 1
        loops.special[i] = 1
        loops.goal[i] = link["actual"]
    else:
        if row["blocked"] != 0:
            row["blocked"] = 0
            pid.follow(loops, i, link["actual"])
        loops.applied[i] = link["actual"]


@part
def send_on(structures: Structures, loops: Loops, first: int, last: int) -> None:
    """Send the outputs of a group's loops on through links first..last-1, after its execution."""
    for k in range(first, last):
        link = structures.links[k]
        i = link["from_loop"]
        link["ready"] = WITHDRAWN if loops.mode[i] == MODE_OUT_OF_SERVICE else loops.row[i]["live"]
        nodes.send(link, loops, loops.output[i])
