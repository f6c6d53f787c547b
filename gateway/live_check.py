"""Holds a configuration against the devices themselves: is each tag there, as it is written?

Nothing is written to any device. Each device is looked at on a connection of its own, side by side.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from config.devices import DeviceBase, OpcUaDevice
from config.site import Site
from config.tags import Access, Tag
from control.signal import BAD, Columns, describe_quality
from drivers import registry
from drivers.api import Driver, DriverError, TagRef
from drivers.inspection import Inspection, Inspects, TagFinding
from drivers.pacing import poll_period_s

_READINGS = 3
_OPEN_LIMIT_S = 30.0
_BUSY = 0.5
"""A device that is read for more than this share of its period leaves no room for bad days."""


@dataclass(slots=True)
class DeviceFindings:
    """What a device says; without `trouble` all is well."""

    name: str
    facts: dict[str, str] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    """By tag, why it cannot work as configured."""
    doubts: dict[str, list[str]] = field(default_factory=dict)
    """By tag, or empty for the device, what somebody should look at."""
    trouble: str = ""
    """Why the device could not be looked at."""
    tags: int = 0

    @property
    def is_well(self) -> bool:
        """Whether it will work as configured."""
        return not self.trouble and not self.faults


async def check_devices(site: Site) -> list[DeviceFindings]:
    """Look at every device of a site."""
    for driver in {device.driver for device in site.devices.values()}:
        await asyncio.to_thread(registry.prepare, driver)
    return list(await asyncio.gather(*(_device(site, name) for name in site.devices)))


async def _device(site: Site, name: str) -> DeviceFindings:
    device = site.devices[name]
    tags = site.tags_of_device(name)
    refs = [TagRef(site.tag_index[full], full, tag) for full, tag in tags.items()]
    found = DeviceFindings(name, tags=len(refs))
    try:
        driver = registry.create(name, device)
        found.faults = {refs_name(refs, index): [why] for index, why in driver.plan(refs).items()}
        try:
            async with asyncio.timeout(_OPEN_LIMIT_S):
                await driver.open()
            await _examine(found, device, driver, refs)
        finally:
            await driver.close()
    except (DriverError, TimeoutError) as error:
        found.trouble = str(error) or f"no answer within {_OPEN_LIMIT_S:g} s"
    return found


def refs_name(refs: list[TagRef], index: int) -> str:
    """Return the name of the tag with this index."""
    return next(ref.name for ref in refs if ref.index == index)


async def _examine(found: DeviceFindings, device: DeviceBase, driver: Driver, refs: list[TagRef]) -> None:
    inspection = await driver.inspect() if isinstance(driver, Inspects) else Inspection({})
    found.facts |= inspection.facts
    told = {each.tag: each for each in inspection.tags}
    readable = [ref for ref in refs if ref.tag.access is not Access.WRITE and ref.name not in found.faults]
    columns, took_s = await _read(driver, readable)
    _budget(found, device, readable, took_s)
    wrong = _bad(columns)
    for ref in refs:
        finding = told.get(ref.index)
        faults = list(finding.faults) if finding is not None else []
        if ref.index in wrong and not faults:
            faults = [wrong[ref.index]]
        if faults:
            found.faults.setdefault(ref.name, []).extend(faults)
        if finding is not None and (doubts := list(_doubts(ref.tag, finding))):
            found.doubts[ref.name] = doubts


async def _read(driver: Driver, refs: list[TagRef]) -> tuple[Columns, float]:
    """Read every tag a few times; return the last answer, and how long one reading takes."""
    columns, times = Columns.empty(), []
    for _ in range(_READINGS if refs else 0):
        began = time.monotonic()
        columns = await driver.read_back([ref.index for ref in refs])
        times.append(time.monotonic() - began)
    return columns, median(times) if times else 0.0


def _bad(columns: Columns) -> dict[int, str]:
    """Return why values are bad, by tag."""
    rows = zip(columns.tag.tolist(), columns.quality.tolist(), columns.status.tolist(), strict=True)
    texts = ((text.tag, text.quality, text.status) for text in columns.texts)
    return {
        tag: describe_quality(quality) + (f" (status 0x{status:X})" if status else "")
        for tag, quality, status in [*rows, *texts]
        if quality >= BAD
    }


def _budget(found: DeviceFindings, device: DeviceBase, refs: list[TagRef], took_s: float) -> None:
    """Say what part of its period reading the device takes."""
    follows = isinstance(device, OpcUaDevice) and device.subscribe
    period_s = poll_period_s(device.period, refs)
    found.facts["a reading of all tags"] = f"{took_s * 1e3:.0f} ms"
    if follows or not refs:
        return
    share = took_s / period_s
    found.facts["cycle budget"] = f"{share:.0%} of the {period_s:g} s that the fastest tag asks for"
    if share > _BUSY:
        told = f"reading takes {share:.0%} of the period: lengthen it, or read fewer tags so fast"
        found.doubts[""] = [told]


def _doubts(tag: Tag, finding: TagFinding) -> Iterator[str]:
    """Yield where tag and device mean different ranges or units."""
    if tag.scaling is not None:
        return  # the device's range is of raw values
    if finding.unit and tag.unit and finding.unit not in (tag.unit, f"°{tag.unit.removeprefix('deg')}"):
        yield f"the device's unit is {finding.unit}, the tag's {tag.unit}"
    for what, told, configured in (("low", finding.low, tag.low), ("high", finding.high, tag.high)):
        if told is not None and configured is not None and configured.to(tag.unit) != told:
            yield f"the device's {what} end is {told:g}, the tag's {configured.to(tag.unit):g}"
