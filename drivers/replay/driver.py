"""A device that plays recorded acquisition back (`driver: replay`): samples as they came, in their time.

Every sample is marked as simulated: what was true then must not pass for what is true now.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from config.replay import ReplayDevice, ReplayTimes
from config.tags import Access, TagKind
from control.signal import BAD, CONFIG, OUT_OF_SERVICE, SIMULATED, WAITING, Columns, Text
from drivers.api import DeviceRefused, Disconnected, TagRef, Write, WriteResult
from drivers.marks import marks
from drivers.replay.recording import Recording
from drivers.replay.stretch import DamagedRecording, Stretch
from drivers.replay.timeline import Timeline, moments_of

NOT_RECORDED: Final = 1
"""Our status code for a tag that the recording does not have."""
_OVER: Final = BAD | OUT_OF_SERVICE | SIMULATED
_NO_RECORDING: Final = 1
_LOOKS_S: Final = 0.5
"""How often it is looked whether the file is still there, and the least often that anything is said."""
_AGAIN_AFTER_S: Final = 0.01
"""Between two rounds: a recording of one moment would leave no time for anything else."""


class ReplayDriver:
    """Plays one file into the tags of one device."""

    subscribes = True
    more_due = False

    def __init__(self, name: str, device: ReplayDevice) -> None:
        """Nothing is opened yet."""
        self._name, self._device = name, device
        self._refs: list[TagRef] = []
        self._names: dict[int, str] = {}
        self._recording: Recording | None = None
        self._frames: deque[str] = deque(maxlen=20)
        self._last: dict[int, tuple[float, int, int]] = {}
        """Value, quality and source time of each tag, as last played."""
        self._position_s, self._rounds, self._is_over = 0.0, 0, False

    @property
    def facts(self) -> Mapping[str, float | str | None]:
        """Where in the recording it is."""
        over = "over" if self._is_over else "playing"
        return {"recording": over, "recording_position_s": self._position_s, "recording_round": self._rounds}

    def plan(self, tags: Sequence[TagRef]) -> Mapping[int, str]:
        """Take the names under which the tags were recorded; no I/O."""
        self._refs, self._names = [], {}
        unreadable: dict[int, str] = {}
        for ref in tags:
            address = ref.tag.address if isinstance(ref.tag.address, Mapping) else {}
            recorded = address.get("recorded", ref.name)
            if not isinstance(recorded, str) or not recorded:
                unreadable[ref.index] = f"address.recorded: {recorded!r} is no name of a tag"
                continue
            if ref.tag.access is not Access.WRITE:
                self._refs.append(ref)
                self._names[ref.index] = recorded
        return unreadable

    def last_frames(self) -> Sequence[str]:
        """Return what was last played."""
        return list(self._frames)

    async def open(self) -> None:
        """Open the file; it plays from its beginning.

        Raises:
            Disconnected: there is no such file.
            DeviceRefused: it is no recorded acquisition.
        """
        await self.close()
        try:
            self._recording = await asyncio.to_thread(Recording, self._device.file)
        except OSError as error:
            raise Disconnected(f"{self._device.file}: {error.strerror}") from error
        except DamagedRecording as error:
            raise DeviceRefused(str(error), _NO_RECORDING) from error
        self._rounds, self._is_over = 0, False

    async def close(self) -> None:
        """Close the file."""
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.close()

    async def read(self) -> Columns:
        """It is followed, not polled."""
        raise NotImplementedError("the host iterates subscribe")

    async def read_back(self, tags: Sequence[int]) -> Columns:
        """Return the last sample of these tags; before anything was played, the first one of each.

        Raises:
            Disconnected: nothing is open.
        """
        recording = self._opened()
        if not self._rounds and not self._last:
            self._last = await asyncio.to_thread(self._first, recording)
        columns = Columns.filled(
            np.array(tags, np.int32), quality=BAD | WAITING | SIMULATED, source_ns=time.time_ns()
        )
        for row, tag in enumerate(tags):
            if tag in self._last:
                columns.value[row], columns.quality[row], columns.source_ns[row] = self._last[tag]
        return columns

    async def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """Refuse: what was recorded does not change any more."""
        return [WriteResult(write.tag, "a recording cannot be written to") for write in writes]

    async def subscribe(self) -> AsyncIterator[Columns]:
        """Yield the recorded samples at their times.

        Raises:
            Disconnected: the file was taken away, or replaced.
        """
        recording = self._opened()
        places = self._places(recording)
        missing = [ref for ref in self._refs if ref.index not in places]
        if missing:
            yield marks(missing, BAD | CONFIG, time.time_ns(), NOT_RECORDED)
        while True:
            self._rounds += 1
            async for columns in self._play(recording, places):
                yield columns
            if not self._device.repeat:
                break
            await asyncio.sleep(_AGAIN_AFTER_S)
            self._look(recording)
            recording.rewind()
        self._is_over = True
        self._frames.append("< the recording is over")
        yield marks([ref for ref in self._refs if ref not in missing], _OVER, time.time_ns())
        while True:
            await asyncio.sleep(_LOOKS_S)
            self._look(recording)
            yield Columns.empty()

    def _opened(self) -> Recording:
        if self._recording is None:
            raise Disconnected("not open")
        return self._recording

    def _first(self, recording: Recording) -> dict[int, tuple[float, int, int]]:
        """Return the first sample of each number. Reads as much of the file as that takes."""
        places, found = self._places(recording), dict[int, tuple[float, int, int]]()
        for index in (ref.index for ref in self._refs if ref.index not in places):
            found[index] = (float("nan"), BAD | CONFIG, time.time_ns())
        numbers = {ref.index for ref in self._refs if ref.tag.kind is not TagKind.TEXT}
        for stretch in recording:
            columns = self._columns(stretch.rows[::-1], (), places)
            rest = zip(
                columns.value.tolist(), columns.quality.tolist(), columns.source_ns.tolist(), strict=True
            )
            found = {**dict(zip(columns.tag.tolist(), rest, strict=True)), **found}
            if numbers <= found.keys():
                break
        recording.rewind()
        return found

    def _places(self, recording: Recording) -> npt.NDArray[np.int32]:
        """Return the index in the image of each tag of the recording, -1 where nobody wants it."""
        wanted = {(self._names[ref.index], ref.tag.kind is TagKind.TEXT): ref.index for ref in self._refs}
        tags = ((tag.name, tag.kind == TagKind.TEXT) for tag in recording.head.tags)
        return np.array([wanted.get(tag, -1) for tag in tags], np.int32)

    async def _play(self, recording: Recording, places: npt.NDArray[np.int32]) -> AsyncIterator[Columns]:
        """Yield one round, and empty columns while it is silent."""
        loop = asyncio.get_running_loop()
        timeline = Timeline(self._device.longest_pause, self._device.speed, loop.time())
        stretches: Iterator[Stretch] = iter(recording)
        while (stretch := await asyncio.to_thread(next, stretches, None)) is not None:
            moments, row_ends, text_ends = moments_of(stretch)
            due = timeline.due(moments)
            begin = row = text = 0
            while begin < len(due):
                while (wait_s := due[begin] - loop.time()) > 0:
                    await asyncio.sleep(min(wait_s, _LOOKS_S))
                    self._look(recording)
                    if due[begin] > loop.time():
                        yield Columns.empty()
                begin = max(begin + 1, int(np.searchsorted(due, loop.time(), "right")))
                self._position_s = float(due[begin - 1] - timeline.begin) * self._device.speed
                rows, texts = (
                    stretch.rows[row : row_ends[begin - 1]],
                    stretch.texts[text : text_ends[begin - 1]],
                )
                row, text = row_ends[begin - 1], text_ends[begin - 1]
                yield self._columns(rows, texts, places)
                await asyncio.sleep(0)  # at a high speed much is due at once

    def _columns(
        self, rows: npt.NDArray[Any], texts: Sequence[tuple[int, Text]], places: npt.NDArray[np.int32]
    ) -> Columns:
        """Return recorded samples as the host wants them; empty where nobody wants any."""
        restamped, now_ns = self._device.times is ReplayTimes.RESTAMPED, time.time_ns()
        tags = places[rows["tag"]]
        rows, tags = rows[tags >= 0], tags[tags >= 0]
        columns = Columns(
            tag=tags,
            value=rows["value"].astype(np.float64),
            quality=rows["quality"] | np.uint32(SIMULATED),
            source_ns=rows["source_ns"] + (now_ns - rows["arrival_ns"] if restamped else 0),
            status=rows["status"].astype(np.uint32),
            texts=tuple(
                replace(
                    text,
                    tag=int(places[text.tag]),
                    source_ns=text.source_ns + (now_ns - arrival_ns if restamped else 0),
                    quality=text.quality | SIMULATED,
                )
                for arrival_ns, text in texts
                if places[text.tag] >= 0
            ),
        )
        rest = zip(columns.value.tolist(), columns.quality.tolist(), columns.source_ns.tolist(), strict=True)
        self._last.update(zip(columns.tag.tolist(), rest, strict=True))
        self._frames.append(f"< {len(columns) + len(columns.texts)} samples at {self._position_s:.3f} s")
        return columns

    def _look(self, recording: Recording) -> None:
        if not recording.is_of(self._device.file):
            raise Disconnected(f"{self._device.file} was taken away or replaced")
