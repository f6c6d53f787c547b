"""Records acquisition: what devices give, into a file that `driver: replay` plays back.

Either straight from the devices, on connections of our own, or out of the record that a running
gateway keeps of its scans (`gateway.recording`), because many devices bear one connection only. That
record holds no texts, and dates arrivals to the scan that took them.

Policy where the disk is too slow: what waits is bounded, newer samples are refused and counted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from config.assembly import restore
from config.site import Site
from config.tags import Access
from control.rings import Rows
from control.signal import Columns
from drivers import registry
from drivers.api import TagRef
from drivers.replay.recording import RecordingWriter
from drivers.replay.stretch import (
    COLUMNS,
    DamagedRecording,
    Head,
    RecordedTag,
    Stretch,
    joined,
    stretch_of,
)
from drivers.session import Session
from gateway.continuity.playback import choose
from gateway.continuity.recording import Kind, read_head, read_segment

_WRITE_EACH_S: Final = 1.0
_WAITING: Final = 5_000_000
"""Samples that may wait for the disk."""


def head_of(site: Site, devices: Sequence[str]) -> Head:
    """Return the head of a recording of these devices.

    Raises:
        ValueError: the site has no such device.
    """
    unknown = [name for name in devices if name not in site.devices]
    if unknown:
        raise ValueError(f"no such device: {', '.join(unknown)}; there are {', '.join(site.devices)}")
    tags = tuple(
        RecordedTag(full, name, str(tag.kind), tag.unit)
        for name in devices
        for full, tag in site.tags_of_device(name).items()
        if tag.access is not Access.WRITE
    )
    return Head(site.site.name, site.fingerprint, tags)


class DeviceRecorder:
    """Records devices while it runs. It never writes to them."""

    def __init__(self, site: Site, devices: Sequence[str], writer: RecordingWriter) -> None:
        """Plan the devices; nothing is connected yet.

        Raises:
            DriverError: a device's driver cannot be made.
        """
        self._writer = writer
        self._waiting: list[Stretch] = []
        self._count = 0
        self.refused = 0
        """Samples that found no room and are not in the file."""
        numbers = {tag.name: number for number, tag in enumerate(head_of(site, devices).tags)}
        self.sessions: dict[str, Session] = {}
        self.troubles: dict[str, str] = {}
        """What was wrong with devices at the end."""
        for name in devices:
            device = site.devices[name]
            registry.prepare(device.driver)
            refs = [
                TagRef(numbers[full], full, tag)
                for full, tag in site.tags_of_device(name).items()
                if full in numbers
            ]
            self.sessions[name] = Session(name, device, registry.create(name, device), refs, self._take)

    async def run(self, stop: asyncio.Event) -> None:
        """Record until told to stop; what was taken is on disk then.

        Raises:
            OSError: the disk does not take it.
        """
        tasks = [
            asyncio.create_task(session.run(), name=f"{name} session")
            for name, session in self.sessions.items()
        ]
        try:
            while not stop.is_set():
                try:
                    async with asyncio.timeout(_WRITE_EACH_S):
                        await stop.wait()
                except TimeoutError:
                    await self._write()
        finally:
            self.troubles = {name: each.reason for name, each in self.sessions.items() if each.reason}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await self._write()

    def _take(self, columns: Columns) -> None:
        size = len(columns) + len(columns.texts)
        if self._count + size > _WAITING:
            self.refused += size
        elif size:
            self._waiting.append(stretch_of(time.time_ns(), columns))
            self._count += size

    async def _write(self) -> None:
        waiting, self._waiting, self._count = self._waiting, [], 0
        if waiting:
            await asyncio.to_thread(self._writer.write, joined(waiting))


def from_scans(
    where: Path, devices: Sequence[str], from_ns: int | None = None, to_ns: int | None = None
) -> tuple[Head, Iterator[Stretch]]:
    """Return what devices gave, out of the record of a gateway's scans, file by file.

    Args:
        where: a file of that record, or the folder of them.
        devices: whose samples; none means all.
        from_ns: files that end before are left out, and so are samples.
        to_ns: likewise.

    Raises:
        FileNotFoundError: there is no record of that time.
        DamagedRecording: a file is no record of scans.
        ValueError: the site has no such device.
    """
    paths = choose(where, from_ns, to_ns)
    began_with = read_head(paths[0])
    site = restore(began_with.site, began_with.fingerprint)
    head = head_of(site, list(devices) or list(site.devices))
    return head, _stretches(paths, site, head, (from_ns or 0, to_ns or 2**63 - 1))


def _stretches(paths: Sequence[Path], site: Site, head: Head, between: tuple[int, int]) -> Iterator[Stretch]:
    numbers = np.full(len(site.tags), -1, np.int32)
    for number, tag in enumerate(head.tags):
        numbers[site.tag_index[tag.name]] = number
    for path in paths:
        segment = read_segment(path)
        if segment.head.fingerprint != site.fingerprint:
            raise DamagedRecording(f"{path.name} is of another configuration: record what follows apart")
        scans = [rows for _, rows in segment.runs[Kind.STATISTICS]]
        if scans:
            yield _consumed(segment.runs[Kind.INBOX], np.concatenate(scans), numbers, between)


def _consumed(
    inbox: list[tuple[int, Rows]], scans: Rows, numbers: npt.NDArray[np.int32], between: tuple[int, int]
) -> Stretch:
    """Return a file's samples, each with the time of the scan that took it.

    Args:
        inbox: runs of the engine's inbox, each with the number of its first row.
        scans: STATISTICS.
        numbers: place in the recording by index of the image, -1 for what is not wanted.
        between: earliest and latest arrival (ns).
    """
    found: list[npt.NDArray[Any]] = []
    for first, rows in inbox:
        taken_by = np.searchsorted(scans["inbox_index"], first + np.arange(len(rows)), "right")
        arrival_ns = scans["utc_ns"][np.minimum(taken_by, len(scans) - 1)]
        places = np.where(rows["tag"] >= 0, numbers[rows["tag"]], -1)
        wanted = (places >= 0) & (arrival_ns >= between[0]) & (arrival_ns <= between[1])
        columns = np.empty(int(wanted.sum()), COLUMNS)
        columns["arrival_ns"], columns["tag"] = arrival_ns[wanted], places[wanted]
        for name in ("source_ns", "value", "quality", "status"):
            columns[name] = rows[name][wanted]
        found.append(columns)
    return Stretch(np.concatenate(found) if found else np.empty(0, COLUMNS))
