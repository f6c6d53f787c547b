"""Forced and simulated tags: values that a person gives, for a time, marked wherever they go.

A forced input has the given value, whatever its device says; what the device says lies under it and
comes back at the end. A simulated one is fed a value as if its device had sent it each scan: clamp, range,
filter and frozen judge it. A forced output is written with the value as an interlock would (which goes
before), so that its loop follows; it ends where its writes are disarmed.

The end is announced without fail: a row is free once its end found room among the transitions.
"""

from __future__ import annotations

import math

from control.actuation_layout import NO_OVERRIDE, NOT_AN_OUTPUT
from control.actuation_signal import (
    BY_DISARMING,
    BY_EXPIRY,
    KIND_OVERRIDE,
    OVERRIDE_NONE,
    OVERRIDE_SIMULATED,
)
from control.kernels.jit import inlined, part
from control.layout import FORCED_BY_PERSON
from control.rings import Row
from control.signal import FORCED, MODE_MANUAL, MODE_OUT_OF_SERVICE, SIMULATED, WAITING
from control.stages.arming import is_armed
from control.stages.inbox import conditioned, settled
from control.stages.reports import Counters, due_by, offer
from control.stages.transitions import put
from control.state import Loops, Outputs, Overrides, State, Tags


@part
def run_overrides(state: State, now_ns: int, utc_ns: int) -> None:
    """Feed what is simulated, and end what is over."""
    if state.counters[0]["overrides"] == 0:
        return
    overrides = state.overrides
    for k in range(len(overrides.rows)):
        row = overrides.rows[k]
        if row["kind"] == OVERRIDE_NONE:
            continue
        if row["ended"] == 0:
            slot = row["slot"]
            if now_ns >= row["until_ns"]:
                end(state, k, BY_EXPIRY, 0, now_ns, utc_ns)
            elif slot != NOT_AN_OUTPUT and not is_armed(state.outputs, state.counters, slot):
                end(state, k, BY_DISARMING, 0, now_ns, utc_ns)
            elif row["kind"] == OVERRIDE_SIMULATED:
                feed(state, row, now_ns, utc_ns)
        if row["ended"] != 0 and not announce_end(state, k):
            state.counters[0]["transitions_deferred"] += 1


@part
def feed(state: State, row: Row, now_ns: int, utc_ns: int) -> None:
    """Give a simulated tag a sample, as its device would."""
    tags, image, tag = state.tags, state.image, int(row["tag"])
    definition, reported = tags.definition[tag], tags.reported[tag]
    value, quality = conditioned(definition, row["value"], SIMULATED)
    value, quality = settled(definition, reported, value, row["value"], quality, utc_ns, now_ns)
    reported["arrived_ns"] = now_ns
    reported["sampled_quality"] = quality
    image.value[tag] = value
    image.quality[tag] = quality
    image.source_ns[tag] = utc_ns
    image.status[tag] = 0
    offer(image, tags, state.rings.reports, state.counters, tag, utc_ns, now_ns)
    due_by(tags, tag, now_ns + reported["heartbeat_ns"])


@part
def end(state: State, k: int, cause: int, ticket: int, now_ns: int, utc_ns: int) -> None:
    """Give a tag back to its device; a loop in manual goes back to the output it had."""
    row, image, tags = state.overrides.rows[k], state.image, state.tags
    tag, slot = int(row["tag"]), row["slot"]
    row["ended"], row["ended_utc_ns"], row["ended_ticket"] = cause, utc_ns, ticket
    if slot != NOT_AN_OUTPUT:
        image.quality[tag] = int(image.quality[tag]) & ~FORCED
        if cause != BY_DISARMING:
            _give_back(state.outputs, state.loops, slot)
    else:
        image.value[tag], image.quality[tag] = row["under_value"], row["under_quality"]
        image.source_ns[tag], image.status[tag] = row["under_source_ns"], row["under_status"]
        forget_past(tags, tag, now_ns)
        tags.reported[tag]["measured_ns"] = row["under_source_ns"]
        tags.reported[tag]["sampled_quality"] = row["under_quality"]
    if int(image.quality[tag]) & WAITING == 0:
        report(state, tag, now_ns, utc_ns)
    due_by(tags, tag, now_ns)


@part
def _give_back(outputs: Outputs, loops: Loops, s: int) -> None:
    """Let an output go back to where it was: at once where nothing else would move it."""
    slot = outputs.slots[s]
    i = slot["loop"]
    if slot["forced"] != FORCED_BY_PERSON or i < 0 or not math.isfinite(slot["resume"]):
        return
    if loops.mode[i] == MODE_MANUAL:
        loops.goal[i] = slot["resume"]
    elif loops.mode[i] == MODE_OUT_OF_SERVICE:
        slot["live"] = 0
        slot["closing"] = 1
        slot["leave_at"] = slot["resume"]


@part
def announce_end(state: State, k: int) -> bool:
    """Announce an end and free its row; False when that must wait for room."""
    row = state.overrides.rows[k]
    announced = put(
        state.rings.transitions,
        KIND_OVERRIDE,
        row["tag"],
        row["kind"],
        OVERRIDE_NONE,
        row["ended_utc_ns"],
        row["ended_ticket"],
        row["value"],
        math.nan,
        1,
        row["ends_ns"],
        0,
        row["ended"],
    )
    if announced:
        state.overrides.place[row["tag"]] = NO_OVERRIDE
        row["kind"], row["ended"] = OVERRIDE_NONE, 0
        state.counters[0]["overrides"] -= 1
    return announced


@inlined
def forget_past(tags: Tags, tag: int, now_ns: int) -> None:
    """Let the filter and the watch for frozen values begin anew: what was before is another's."""
    reported = tags.reported[tag]
    reported["filtered"] = math.nan
    reported["raw"] = math.nan
    reported["changed_ns"] = now_ns


@part
def report(state: State, tag: int, now_ns: int, utc_ns: int) -> None:
    """Report that a tag has another mark, as of now."""
    state.image.source_ns[tag] = max(utc_ns, state.image.source_ns[tag])
    source_ns = state.image.source_ns[tag]
    offer(state.image, state.tags, state.rings.reports, state.counters, tag, source_ns, now_ns)
    due_by(state.tags, tag, now_ns + state.tags.reported[tag]["heartbeat_ns"])


@part
def force_slots(overrides: Overrides, outputs: Outputs, counters: Counters) -> None:
    """Mark the outputs that people force, where no interlock does."""
    for k in range(len(overrides.rows)):
        row = overrides.rows[k]
        if row["kind"] == OVERRIDE_NONE or row["ended"] != 0 or row["slot"] == NOT_AN_OUTPUT:
            continue
        slot = outputs.slots[row["slot"]]
        if slot["forced"] == 0 and is_armed(outputs, counters, row["slot"]):
            slot["forced"] = FORCED_BY_PERSON
            slot["force"] = row["value"]
            slot["live"] = 1
