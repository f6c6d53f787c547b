"""Commands on writable tags that no loop owns: a value is written once, and given up where it is refused.

What a person wrote stays what is wanted of the output, for when an interlock or a force gives it back, but
it is not sent again. Where the device refuses it, what was wanted before stands again.
"""

from __future__ import annotations

import math

from control.actuation_signal import RETRACT_UNTOUCHED
from control.image import Image
from control.kernels.jit import part
from control.layout import NOT_A_SLOT, ROLE_WRITTEN
from control.rings import RingArrays, Row
from control.signal import (
    BAD,
    KIND_DONE,
    OUTPUT_COMMAND,
    REFUSED_INVALID,
    REFUSED_OWNED,
    REFUSED_RANGE,
    WAITING,
)
from control.stages.arming import why_not_written
from control.stages.outputs import AS_SENT
from control.stages.reports import Counters, publish
from control.stages.transitions import ANSWERED, done, put
from control.state import Outputs, Tags


@part
def write_tag(
    outputs: Outputs, transitions: RingArrays, counters: Counters, command: Row, utc_ns: int
) -> int:
    """Want a value, once; the answer's `limit` is what was wanted before, NaN where nothing was."""
    tag, value = command["index"], command["value"]
    if not 0 <= tag < len(outputs.slot_of_tag):
        return REFUSED_INVALID
    s = outputs.slot_of_tag[tag]
    if s == NOT_A_SLOT:
        return REFUSED_INVALID
    slot = outputs.slots[s]
    if slot["loop"] >= 0 or slot["link"] >= 0:
        return REFUSED_OWNED
    if not slot["low"] <= value <= slot["high"]:
        return REFUSED_RANGE
    cause = why_not_written(outputs, counters, s)
    if cause != ANSWERED:
        return cause
    before = slot["value"] if slot["live"] != 0 else math.nan
    slot["value"] = value
    slot["reason"] = OUTPUT_COMMAND
    slot["sent"] = math.nan
    slot["live"] = 1
    put(transitions, KIND_DONE, tag, 0, 0, utc_ns, command["ticket"], value, before, 1, 0, 0, 0)
    return ANSWERED


@part
def retract(
    outputs: Outputs,
    image: Image,
    tags: Tags,
    reports: RingArrays,
    transitions: RingArrays,
    counters: Counters,
    command: Row,
    now_ns: int,
    utc_ns: int,
) -> int:
    """Let what was wanted before stand again, where the refused value is still wanted; nothing is sent."""
    tag, refused, before = int(command["index"]), command["value"], command["value2"]
    if not 0 <= tag < len(outputs.slot_of_tag) or outputs.slot_of_tag[tag] == NOT_A_SLOT:
        return REFUSED_INVALID
    slot = outputs.slots[outputs.slot_of_tag[tag]]
    if slot["forced"] != 0 and slot["resume"] == refused:
        slot["resume"] = before
    elif slot["forced"] == 0 and slot["reason"] == OUTPUT_COMMAND and slot["value"] == refused:
        slot["value"] = slot["sent"] = before
        if math.isnan(before) and command["parameter"] == RETRACT_UNTOUCHED:
            slot["live"] = 0
        if slot["role"] == ROLE_WRITTEN:
            quality = BAD | WAITING if math.isnan(before) else AS_SENT
            publish(image, tags, reports, counters, tag, before, quality, now_ns, utc_ns)
    done(transitions, command["ticket"], tag, refused, utc_ns)
    return ANSWERED
