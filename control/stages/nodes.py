"""Nodes of the structures: selectors let one value through, splits spread one over several actuators."""

from __future__ import annotations

import math

from control.image import Image
from control.kernels import pid
from control.kernels.filters import clamp
from control.kernels.jit import inlined, part
from control.rings import RingArrays, Row, Rows
from control.signal import GOOD, MODE_CASCADE, MODE_MANUAL, SUBSTITUTE, UNCERTAIN
from control.stages.reports import Counters, publish
from control.state import Indices, Loops, Structures, Tags
from control.structure_layout import NODE_HIGH, NODE_LOW, NODE_SPLIT, NOT_READY, READY, WITHDRAWN

AT_ITS_LINE = 1e-6
"""Share of an actuator's part within which a fading offset is over."""


@inlined
def send(link: Row, loops: Loops, value: float) -> None:
    """Give a value to a link; an inner loop in cascade takes it as its set-point, within its limits."""
    if link["blocked"] != 0:
        return
    link["value"] = value
    i = link["loop"]
    if i >= 0 and link["ready"] != WITHDRAWN and loops.mode[i] == MODE_CASCADE:
        loops.target[i] = clamp(value, loops.row[i]["sp_low"], loops.row[i]["sp_high"])


@part
def run_nodes(
    structures: Structures,
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
    """Send values on through nodes first..last-1."""
    links, inputs = structures.links, structures.inputs
    for n in range(first, last):
        node = structures.nodes[n]
        if node["kind"] == NODE_SPLIT:
            _spread(node, links, inputs, loops, now_ns - counters[0]["scanned_ns"])
        else:
            withdrawn = _is_withdrawn(node, links, inputs)
            before = node["value"]
            _select(node, links, inputs)
            if withdrawn and node["selected"] > 0 and node["blocked"] == 0:
                _go_on_from(links[inputs[node["first_input"] + node["selected"] - 1]], node, loops, before)
            link = links[node["first_link"]]
            link["ready"] = node["ready"]
            send(link, loops, node["value"])
            selected, tag = float(node["selected"]), node["shown"] + 1
            publish(image, tags, reports, counters, tag, selected, GOOD, now_ns, utc_ns)
        quality = GOOD if node["blocked"] == 0 else UNCERTAIN | SUBSTITUTE
        publish(image, tags, reports, counters, node["shown"], node["value"], quality, now_ns, utc_ns)


@part
def _spread(node: Row, links: Rows, inputs: Indices, loops: Loops, elapsed_ns: int) -> None:
    """Give each actuator what its line says, and what is left of the offset at which it was taken up."""
    incoming = links[inputs[node["first_input"]]]
    node["ready"] = incoming["ready"]
    if node["blocked"] == 0:
        node["value"] = clamp(incoming["value"], node["low"], node["high"])
    kept = 1.0 - clamp(elapsed_ns / node["balance_ns"], 0.0, 1.0)
    for k in range(node["first_link"], node["last_link"]):
        link = links[k]
        link["ready"] = node["ready"]
        link["offset"] *= kept
        if abs(link["offset"]) <= AT_ITS_LINE * abs(link["at_stop"] - link["at_start"]):
            link["offset"] = 0.0
        low = min(link["at_start"], link["at_stop"], link["value"])
        high = max(link["at_start"], link["at_stop"], link["value"])
        send(link, loops, clamp(_line(link, node["value"]) + link["offset"], low, high))


@inlined
def _line(link: Row, value: float) -> float:
    """Return what a branch gives at a value of its split."""
    share = clamp((value - link["start"]) / (link["stop"] - link["start"]), 0.0, 1.0)
    given: float = link["at_start"] + share * (link["at_stop"] - link["at_start"])
    return link["at_stop"] if share == 1.0 else given


@part
def _select(node: Row, links: Rows, inputs: Indices) -> None:
    """Let the lowest, highest or middle input through, of those in service; the first of equal ones."""
    serving = 0
    ready = 0
    for k in range(node["first_input"], node["last_input"]):
        serving += 1 if links[inputs[k]]["ready"] != WITHDRAWN else 0
        ready += 1 if links[inputs[k]]["ready"] == READY else 0
    node["ready"] = WITHDRAWN if serving == 0 else READY if ready == serving else NOT_READY
    node["selected"] = 0
    if serving == 0 or node["blocked"] != 0:
        return
    if node["kind"] == NODE_LOW:
        rank = 0
    elif node["kind"] == NODE_HIGH:
        rank = serving - 1
    else:
        rank = (serving - 1) // 2
    for k in range(node["first_input"], node["last_input"]):
        link = links[inputs[k]]
        if link["ready"] != WITHDRAWN and _rank(node, links, inputs, k) == rank:
            node["value"] = link["value"]
            node["selected"] = k - node["first_input"] + 1


@inlined
def _is_withdrawn(node: Row, links: Rows, inputs: Indices) -> bool:
    """Say whether the input that was let through last is out of service now."""
    selected = node["selected"]
    withdrawn: bool = selected > 0 and links[inputs[node["first_input"] + selected - 1]]["ready"] == WITHDRAWN
    return withdrawn


@inlined
def _go_on_from(link: Row, node: Row, loops: Loops, value: float) -> None:
    """Let the loop that takes over from one out of service go on from its value; an operator's stays."""
    i = link["from_loop"]
    if i >= 0 and loops.mode[i] != MODE_MANUAL:
        pid.follow(loops, i, value)
        link["value"] = value
        node["value"] = value


@inlined
def _rank(node: Row, links: Rows, inputs: Indices, k: int) -> int:
    """Return how many inputs in service come before input `k`: lower ones, and equal ones listed earlier.

    For the highest, equal ones listed earlier come after, so that the first of equal ones is let through.
    """
    value, rank = links[inputs[k]]["value"], 0
    for other in range(node["first_input"], node["last_input"]):
        link = links[inputs[other]]
        earlier = other > k if node["kind"] == NODE_HIGH else other < k
        if link["ready"] != WITHDRAWN and (link["value"] < value or (link["value"] == value and earlier)):
            rank += 1
    return rank


@part
def take_up(link: Row, node: Row) -> None:
    """Let a branch whose actuator is taken again go on from where that is, not from its line."""
    if node["kind"] == NODE_SPLIT:
        link["offset"] = link["value"] - _line(link, node["value"])


@part
def resolve(node: Row, links: Rows) -> None:
    """Find out what became of a node's value, from all the links that lead on."""
    if node["kind"] == NODE_SPLIT:
        _resolve_split(node, links)
    else:
        node["blocked"] = links[node["first_link"]]["blocked"]
        node["actual"] = links[node["first_link"]]["actual"]
    if node["blocked"] != 0:
        node["value"] = node["actual"]


@part
def _resolve_split(node: Row, links: Rows) -> None:
    """A split is taken while one of its actuators is; what became of its value is what that one did.

    Its value is taken no further than the parts of the actuators that are taken; of those that move at
    this value, the one that follows best counts.
    """
    value = node["value"]
    low, high, deviation = math.inf, -math.inf, math.inf
    for k in range(node["first_link"], node["last_link"]):
        link = links[k]
        if link["blocked"] != 0:
            continue
        first, last = min(link["start"], link["stop"]), max(link["start"], link["stop"])
        low, high = min(low, first), max(high, last)
        if first <= value <= last:
            slope = (link["at_stop"] - link["at_start"]) / (link["stop"] - link["start"])
            own = (link["actual"] - link["value"]) / slope
            deviation = own if abs(own) < abs(deviation) else deviation
    if low > high:
        node["blocked"] = 1
        node["actual"] = _place_of(node, links)
        return
    node["blocked"] = 0
    reached = clamp(value, low, high)
    node["actual"] = reached + deviation if math.isfinite(deviation) else reached


@part
def _place_of(node: Row, links: Rows) -> float:
    """Return the value of a split that fits best what its actuators do, the first ones above all."""
    value = node["value"]
    for k in range(node["last_link"] - 1, node["first_link"] - 1, -1):
        link = links[k]
        share = (link["actual"] - link["at_start"]) / (link["at_stop"] - link["at_start"])
        place = link["start"] + clamp(share, 0.0, 1.0) * (link["stop"] - link["start"])
        rising = link["stop"] > link["start"]
        if share <= 0.0:
            value = min(value, place) if rising else max(value, place)
        elif share >= 1.0:
            value = max(value, place) if rising else min(value, place)
        else:
            value = place
    return clamp(value, node["low"], node["high"])
