"""Commands that force, simulate and release a tag."""

from __future__ import annotations

import math
from typing import Final

from control.actuation_layout import NO_OVERRIDE, NOT_AN_OUTPUT
from control.actuation_signal import (
    BY_COMMAND,
    FORCE,
    KIND_OVERRIDE,
    OVERRIDE_FORCED,
    OVERRIDE_NONE,
    OVERRIDE_SIMULATED,
    REFUSED_ENDING,
    REFUSED_NO_ROOM,
    REFUSED_NOT_OVERRIDDEN,
    REFUSED_NOT_SIMULATED,
    RELEASE,
)
from control.image import Image
from control.kernels.jit import inlined, part
from control.layout import NOT_A_SLOT, ROLE_DEVICE
from control.rings import Row
from control.signal import FORCED, GOOD, REFUSED_INVALID, REFUSED_RANGE
from control.stages.arming import why_not_written
from control.stages.overrides import announce_end, end, feed, forget_past, report
from control.stages.transitions import ANSWERED, put
from control.state import Overrides, State

_SECOND_NS: Final = 1e9
_LONGEST_S: Final = 1e9


@part
def override_by_command(state: State, command: Row, now_ns: int, utc_ns: int) -> int:
    """Force, simulate or release the tag that a command names, and answer it; or return why not."""
    tag, overrides = int(command["index"]), state.overrides
    if not 0 <= tag < len(overrides.place):
        return REFUSED_INVALID
    if command["kind"] == RELEASE:
        k = int(overrides.place[tag])
        if k == NO_OVERRIDE or overrides.rows[k]["ended"] != 0:
            return REFUSED_NOT_OVERRIDDEN
        end(state, k, BY_COMMAND, command["ticket"], now_ns, utc_ns)
        announce_end(state, k)
        return ANSWERED
    if not 0.0 < command["value2"] <= _LONGEST_S:
        return REFUSED_INVALID
    kind = OVERRIDE_FORCED if command["kind"] == FORCE else OVERRIDE_SIMULATED
    return _begin(state, command, tag, kind, now_ns, utc_ns)


@part
def _begin(state: State, command: Row, tag: int, kind: int, now_ns: int, utc_ns: int) -> int:
    overrides, tags, image, outputs = state.overrides, state.tags, state.image, state.outputs
    slot = int(outputs.slot_of_tag[tag])
    if kind == OVERRIDE_SIMULATED or slot == NOT_A_SLOT:
        slot = NOT_AN_OUTPUT
        if tags.definition[tag]["role"] != ROLE_DEVICE:
            return REFUSED_NOT_SIMULATED
    elif not outputs.slots[slot]["low"] <= command["value"] <= outputs.slots[slot]["high"]:
        return REFUSED_RANGE
    k = int(overrides.place[tag])
    if slot != NOT_AN_OUTPUT and k == NO_OVERRIDE:
        cause = why_not_written(outputs, state.counters, slot)
        if cause != ANSWERED:
            return cause
    if k == NO_OVERRIDE:
        k = _free(overrides)
        if k == NO_OVERRIDE:
            return REFUSED_NO_ROOM
        _lay_under(image, overrides.rows[k], tag)
        state.counters[0]["overrides"] += 1
        before = OVERRIDE_NONE
    elif overrides.rows[k]["ended"] != 0:
        return REFUSED_ENDING
    elif overrides.rows[k]["slot"] != slot:
        return REFUSED_INVALID
    else:
        before = int(overrides.rows[k]["kind"])
    row = overrides.rows[k]
    row["kind"], row["tag"], row["slot"], row["value"] = kind, tag, slot, command["value"]
    duration_ns = int(command["value2"] * _SECOND_NS)
    row["until_ns"], row["ends_ns"] = now_ns + duration_ns, utc_ns + duration_ns
    overrides.place[tag] = k
    forget_past(tags, tag, now_ns)
    if slot != NOT_AN_OUTPUT:
        image.quality[tag] = int(image.quality[tag]) | FORCED
    elif kind == OVERRIDE_FORCED:
        image.value[tag] = command["value"]
        image.quality[tag] = GOOD | FORCED
        image.status[tag] = 0
    else:
        feed(state, row, now_ns, utc_ns)
    report(state, tag, now_ns, utc_ns)
    index, ticket, value = command["index"], command["ticket"], command["value"]
    ends_ns = row["ends_ns"]
    put(
        state.rings.transitions,
        KIND_OVERRIDE,
        index,
        before,
        kind,
        utc_ns,
        ticket,
        value,
        math.nan,
        1,
        ends_ns,
        0,
        BY_COMMAND,
    )
    return ANSWERED


@part
def _free(overrides: Overrides) -> int:
    for k in range(len(overrides.rows)):
        if overrides.rows[k]["kind"] == OVERRIDE_NONE:
            return k
    return NO_OVERRIDE


@inlined
def _lay_under(image: Image, row: Row, tag: int) -> None:
    row["under_value"], row["under_quality"] = image.value[tag], image.quality[tag]
    row["under_source_ns"], row["under_status"] = image.source_ns[tag], image.status[tag]
