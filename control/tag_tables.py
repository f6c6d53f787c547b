"""Tags of the site as rows of the engine: scaling, range, filter, when they are news, when stale."""

from __future__ import annotations

import math

import numpy as np

from config.quantities import Quantity
from config.site import Site
from config.tags import Access, Tag, TagKind
from control.layout import (
    BEFORE_ALL,
    NEVER,
    REPORTED,
    ROLE_DEVICE,
    ROLE_ENGINE,
    ROLE_UNUSED,
    ROLE_WRITTEN,
    TAG,
)
from control.rings import Row, Rows
from control.stages.reports import deadlines
from control.state import Tags

NS: float = 1e9


class TablesError(ValueError):
    """A configuration that the engine cannot run; the message names what and why."""


def in_unit(value: Quantity | None, unit: str, otherwise: float) -> float:
    """Return a configured value in its tag's unit, or what holds without one."""
    return otherwise if value is None else value.to(unit)


def role_of(tag: Tag) -> int:
    """Return what a tag is for the engine."""
    if tag.kind is TagKind.TEXT:
        return ROLE_UNUSED
    if tag.device is None:
        return ROLE_ENGINE
    return ROLE_WRITTEN if tag.access is Access.WRITE else ROLE_DEVICE


def line_of(tag: Tag) -> tuple[float, float]:
    """Return gain and offset of engineering = raw * gain + offset."""
    scaling = tag.scaling
    if scaling is None:
        return 1.0, 0.0
    low, high = scaling.low.to(tag.unit), scaling.high.to(tag.unit)
    if scaling.raw_high == scaling.raw_low or high == low:
        raise TablesError("its scaling has no slope: raw_low and raw_high, low and high must differ")
    gain = (high - low) / (scaling.raw_high - scaling.raw_low)
    return gain, low - scaling.raw_low * gain


def definition_rows(site: Site) -> Rows:
    """Return the TAG rows of a site, in the order of its tags.

    Raises:
        TablesError: a tag names a device that there is not, or its scaling is none.
    """
    rows = np.zeros(len(site.tags), TAG)
    devices = {name: index for index, name in enumerate(site.devices)}
    for row, (name, tag) in zip(rows, site.tags.items(), strict=True):
        if tag.device is not None and tag.device not in devices:
            raise TablesError(f"tag {name}: there is no device {tag.device!r}")
        try:
            _fill(row, tag, site.speed_of(tag.device))
        except TablesError as error:
            raise TablesError(f"tag {name}: {error}") from None
        row["device"] = -1 if tag.device is None else devices[tag.device]
    return rows


def _fill(row: Row, tag: Tag, speed: float) -> None:
    row["gain"], row["offset"] = line_of(tag)
    row["clamp_low"], row["clamp_high"] = -math.inf, math.inf
    if tag.scaling is not None and tag.scaling.clamp:
        ends = sorted((tag.scaling.low.to(tag.unit), tag.scaling.high.to(tag.unit)))
        row["clamp_low"], row["clamp_high"] = ends
    row["low"] = in_unit(tag.low, tag.unit, -math.inf)
    row["high"] = in_unit(tag.high, tag.unit, math.inf)
    row["filter_ns"] = tag.filter_time / speed * NS
    row["fail_value"] = in_unit(tag.fail_value, tag.unit, math.nan)
    row["role"] = role_of(tag)
    frozen = tag.frozen_after if row["role"] == ROLE_DEVICE else None
    row["frozen_ns"] = NEVER if frozen is None else round(frozen * NS)
    row["stale_ns"] = round(tag.stale_after * NS) if row["role"] == ROLE_DEVICE else NEVER


def build_tags(site: Site) -> Tags:
    """Return everything that the engine keeps of each tag, as it is before the first scan."""
    definition = definition_rows(site)
    reported = np.zeros(len(definition), REPORTED)
    reported["value"] = reported["filtered"] = reported["raw"] = np.nan
    for row, tag in zip(reported, site.tags.values(), strict=True):
        row["deadband"] = tag.report.deadband.span_to(tag.unit)
        row["heartbeat_ns"] = round(tag.report.heartbeat * NS)
    reported["late_source_ns"] = reported["measured_ns"] = reported["source_ns"] = BEFORE_ALL
    deadline_ns, block_deadline_ns = deadlines(len(definition))
    patience_ns = np.full(len(site.devices), NEVER, np.int64)
    of_devices = definition[definition["device"] >= 0]
    np.minimum.at(patience_ns, of_devices["device"], of_devices["stale_ns"])
    return Tags(
        definition=definition,
        reported=reported,
        deadline_ns=deadline_ns,
        block_deadline_ns=block_deadline_ns,
        alive_ns=np.zeros(len(site.devices), np.int64),
        patience_ns=patience_ns,
    )
