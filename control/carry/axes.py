"""What the rows of every array of the state stand for: declared once, here."""

from __future__ import annotations

from typing import Final

from control.carry.kinds import Axis

AXES: Final[dict[str, Axis]] = {
    "image": Axis.TAG,
    "tags.definition": Axis.NOTHING,
    "tags.reported": Axis.TAG,
    "tags.deadline_ns": Axis.NOTHING,
    "tags.block_deadline_ns": Axis.NOTHING,
    "tags.alive_ns": Axis.DEVICE,
    "tags.patience_ns": Axis.NOTHING,
    "loops": Axis.LOOP,
    "shaping": Axis.LOOP,
    "shaping.points": Axis.NOTHING,
    "groups": Axis.GROUP,
    "structures.links": Axis.LINK,
    "structures.nodes": Axis.NODE,
    "structures.inputs": Axis.NOTHING,
    "structures.remotes": Axis.REMOTE,
    "performance": Axis.LOOP,
    "relays": Axis.NOTHING,
    "alarms": Axis.ALARM,
    "alarms.derived": Axis.NOTHING,
    "alarms.watched": Axis.NOTHING,
    "alarms.suppressions": Axis.NOTHING,
    "alarms.suppressed": Axis.NOTHING,
    "alarms.phases": Axis.NOTHING,
    "alarms.groups": Axis.ALARM_GROUP,
    "alarms.members": Axis.NOTHING,
    "program": Axis.NOTHING,
    "memory.value": Axis.ENTRY,
    "memory.quality": Axis.ENTRY,
    "memory.evaluated_ns": Axis.ENTRY,
    "memory.register": Axis.REGISTER,
    "memory.register_quality": Axis.REGISTER,
    "memory.cells": Axis.CELL,
    "logic.interlocks": Axis.INTERLOCK,
    "logic.bypasses": Axis.INTERLOCK,
    "logic.groups": Axis.FIRST_OUT,
    "logic.units": Axis.UNIT,
    "profiles.profiles": Axis.PROFILE,
    "profiles.segments": Axis.NOTHING,
    "profiles.phases": Axis.NOTHING,
    "logic.forces": Axis.NOTHING,
    "logic.conditions": Axis.NOTHING,
    "logic.guards": Axis.NOTHING,
    "logic.asked": Axis.NOTHING,
    "outputs.slots": Axis.SLOT,
    "outputs.slot_of_tag": Axis.NOTHING,
    "outputs.watchdogs": Axis.NOTHING,
    "outputs.devices": Axis.DEVICE,
    "overrides.rows": Axis.OVERRIDE,
    "overrides.place": Axis.NOTHING,
    "maps": Axis.NOTHING,
    "counters": Axis.ENGINE,
}
"""By array, or by the tuple of arrays that it is in."""


def axis_of(path: str) -> Axis:
    """Return what the rows of an array are.

    Raises:
        KeyError: the array is not declared.
    """
    return AXES[path] if path in AXES else AXES[path.rpartition(".")[0]]
