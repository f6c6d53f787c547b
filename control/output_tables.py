"""Writable tags and watchdogs of the site as rows of the engine."""

from __future__ import annotations

import math

import numpy as np

from config.site import Site
from config.tags import Access, Tag, TagKind
from control.actuation_layout import DEVICE, NO_OVERRIDE, OVERRIDE, OVERRIDE_LIMIT
from control.layout import NOT_A_LINK, NOT_A_SLOT, SLOT, WATCHDOG
from control.rings import Row, Rows
from control.state import Outputs, Overrides
from control.tag_tables import TablesError, in_unit, role_of


def build_outputs(site: Site) -> Outputs:
    """Return a slot for every tag that keeps what is written to it, and the watchdogs.

    Raises:
        TablesError: a watchdog is no tag.
    """
    watchdogs = _watchdogs(site)
    leases = [device.lease for device in site.devices.values() if device.lease is not None]
    excluded = set(watchdogs["tag"].tolist())
    excluded |= {site.tag_index.get(name, -1) for lease in leases for name in (lease.owner, lease.counter)}
    slot_of_tag = np.full(len(site.tags), NOT_A_SLOT, np.int32)
    devices = {name: index for index, name in enumerate(site.devices)}
    writable = [
        (index, tag)
        for index, tag in enumerate(site.tags.values())
        if _is_writable(tag) and index not in excluded
    ]
    slots = np.zeros(len(writable), SLOT)
    for s, (index, tag) in enumerate(writable):
        slot_of_tag[index] = s
        _fill(slots[s], index, tag)
        slots[s]["device"] = devices[tag.device or ""]
    return Outputs(slots=slots, slot_of_tag=slot_of_tag, watchdogs=watchdogs, devices=_devices(site))


def build_overrides(site: Site) -> Overrides:
    """Return that no tag is forced or simulated."""
    return Overrides(
        rows=np.zeros(OVERRIDE_LIMIT, OVERRIDE), place=np.full(len(site.tags), NO_OVERRIDE, np.int16)
    )


def _devices(site: Site) -> Rows:
    rows = np.zeros(len(site.devices), DEVICE)
    for row, device in zip(rows, site.devices.values(), strict=True):
        row["configured"] = int(device.writes_armed)
    return rows


def _is_writable(tag: Tag) -> bool:
    written = tag.device is not None and tag.access is not Access.READ and tag.kind is not TagKind.TEXT
    return written and not tag.momentary


def _fill(slot: Row, index: int, tag: Tag) -> None:
    slot["tag"], slot["loop"], slot["link"] = index, -1, NOT_A_LINK
    slot["value"] = slot["sent"] = slot["safe"] = slot["resume"] = math.nan
    slot["low"] = in_unit(tag.low, tag.unit, -math.inf)
    slot["high"] = in_unit(tag.high, tag.unit, math.inf)
    slot["role"] = role_of(tag)


def _watchdogs(site: Site) -> Rows:
    found: list[tuple[int, int, int]] = []
    for number, (name, device) in enumerate(site.devices.items()):
        if device.watchdog is None:
            continue
        if device.watchdog not in site.tag_index:
            raise TablesError(f"device {name}: there is no tag {device.watchdog!r} for its watchdog")
        is_bool = site.tags[device.watchdog].kind is TagKind.BOOL
        found.append((site.tag_index[device.watchdog], number, int(is_bool)))
    return np.array(found, WATCHDOG)
