"""Bypasses: an interlock is kept from forcing for a time that is set beforehand and ends by itself."""

from __future__ import annotations

import math

from control.kernels.jit import inlined, part
from control.logic_signal import KIND_BYPASS
from control.logic_state import Logic
from control.rings import RingArrays, Row
from control.signal import REFUSED_INVALID, REFUSED_RANGE, REFUSED_STATE
from control.stages.reports import Counters
from control.stages.transitions import ANSWERED, put

_NS = 1e9


@inlined
def is_bypassed(logic: Logic, k: int) -> bool:
    """Say whether interlock `k` is kept from forcing."""
    bypassed: bool = logic.bypasses[k]["until_ns"] != 0
    return bypassed


@inlined
def expire(row: Row, counters: Counters, now_ns: int, utc_ns: int) -> None:
    """End a bypass whose time is over."""
    if row["until_ns"] != 0 and now_ns >= row["until_ns"]:
        _set(row, 0, 0, 0, utc_ns)
        counters[0]["pending"] += 1


@inlined
def _set(row: Row, until_ns: int, ends_ns: int, ticket: int, utc_ns: int) -> None:
    row["until_ns"] = until_ns
    row["ends_ns"] = ends_ns
    row["changes"] += 1
    row["utc_ns"] = utc_ns
    row["ticket"] = ticket


@part
def announce_bypass(logic: Logic, transitions: RingArrays, k: int) -> bool:
    """Announce that a bypass began, was prolonged or ended; False when that must wait for room."""
    row = logic.bypasses[k]
    bypassed = 1 if row["until_ns"] != 0 else 0
    if row["changes"] == 0 and row["announced"] == bypassed:
        return True
    announced = put(
        transitions,
        KIND_BYPASS,
        k,
        row["announced"],
        bypassed,
        row["utc_ns"],
        row["ticket"],
        (row["ends_ns"] - row["utc_ns"]) / _NS if bypassed != 0 else 0.0,
        math.nan,
        max(row["changes"], 1),
        row["ends_ns"],
        0,
        0,
    )
    if announced:
        row["announced"] = bypassed
        row["changes"] = 0
    return announced


@part
def bypass_by_command(logic: Logic, transitions: RingArrays, command: Row, now_ns: int, utc_ns: int) -> int:
    """Begin, prolong or end a bypass, and answer; or return why not."""
    k = int(command["index"])
    if not 0 <= k < len(logic.bypasses):
        return REFUSED_INVALID
    row, duration_ns = logic.bypasses[k], round(command["value"] * _NS)
    if not 0 <= duration_ns <= row["most_ns"]:
        return REFUSED_RANGE
    if duration_ns == 0 and row["until_ns"] == 0:
        return REFUSED_STATE
    announce_bypass(logic, transitions, k)
    if duration_ns == 0:
        _set(row, 0, 0, command["ticket"], utc_ns)
    else:
        _set(row, now_ns + duration_ns, utc_ns + duration_ns, command["ticket"], utc_ns)
    announce_bypass(logic, transitions, k)
    return ANSWERED
