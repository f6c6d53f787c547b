"""Writable tags, watchdogs and interlocks of the site as rows of the engine."""

from __future__ import annotations

import math

import numpy as np

from config.site import Site
from config.tags import Access, Tag, TagKind
from control.bytecode import Compiled
from control.layout import FORCE, INTERLOCK, NOT_A_SLOT, SLOT, WATCHDOG
from control.rings import Row, Rows
from control.state import Logic, Outputs
from control.tag_tables import TablesError, in_unit, role_of


def build_outputs(site: Site) -> Outputs:
    """Return a slot for every tag that may be written, and the watchdogs.

    Raises:
        TablesError: a watchdog is no tag.
    """
    watchdogs = _watchdogs(site)
    excluded = set(watchdogs["tag"].tolist())
    slot_of_tag = np.full(len(site.tags), NOT_A_SLOT, np.int32)
    writable = [
        (index, tag)
        for index, tag in enumerate(site.tags.values())
        if _is_writable(site, tag) and index not in excluded
    ]
    slots = np.zeros(len(writable), SLOT)
    for s, (index, tag) in enumerate(writable):
        slot_of_tag[index] = s
        _fill(slots[s], index, tag)
    return Outputs(slots=slots, slot_of_tag=slot_of_tag, watchdogs=watchdogs)


def _is_writable(site: Site, tag: Tag) -> bool:
    if tag.device is None or tag.access is Access.READ or tag.kind is TagKind.TEXT:
        return False
    return site.devices[tag.device].writes_armed


def _fill(slot: Row, index: int, tag: Tag) -> None:
    slot["tag"], slot["loop"] = index, -1
    slot["value"] = slot["sent"] = slot["safe"] = math.nan
    slot["low"] = in_unit(tag.low, tag.unit, -math.inf)
    slot["high"] = in_unit(tag.high, tag.unit, math.inf)
    slot["role"] = role_of(tag)


def _watchdogs(site: Site) -> Rows:
    found: list[tuple[int, int]] = []
    for name, device in site.devices.items():
        if device.watchdog is None or not device.writes_armed:
            continue
        if device.watchdog not in site.tag_index:
            raise TablesError(f"device {name}: there is no tag {device.watchdog!r} for its watchdog")
        is_bool = site.tags[device.watchdog].kind is TagKind.BOOL
        found.append((site.tag_index[device.watchdog], int(is_bool)))
    return np.array(found, WATCHDOG)


def build_logic(site: Site, outputs: Outputs, compiled: Compiled) -> Logic:
    """Return the interlocks and what they force.

    Raises:
        TablesError: an interlock forces a tag that there is not, or to no finite value.
    """
    interlocks = np.zeros(len(site.interlocks), INTERLOCK)
    forces: list[tuple[float, int]] = []
    for k, (name, interlock) in enumerate(site.interlocks.items()):
        row = interlocks[k]
        row["condition"], row["first"] = compiled.conditions[name].entry, len(forces)
        row["latched"], row["on_bad"] = int(interlock.latched), int(interlock.on_bad)
        for tag, value in interlock.force.items():
            if tag not in site.tag_index:
                raise TablesError(f"interlock {name}: there is no tag {tag!r}")
            number = value.to(site.tags[tag].unit)
            if not math.isfinite(number):
                raise TablesError(f"interlock {name}: {tag} cannot be forced to {number}")
            forces.append((number, int(outputs.slot_of_tag[site.tag_index[tag]])))
        row["last"] = len(forces)
    return Logic(interlocks=interlocks, forces=np.array(forces, FORCE))
