"""Gathers what the answers of one `read` bring, and makes columns of it."""

from __future__ import annotations

import numpy as np

from control.signal import Columns, Text
from drivers.modbus.codec import Floats, Layout, Qualities


class Answers:
    """The samples of one read, block by block."""

    def __init__(self) -> None:
        """Begin with none."""
        self._layouts: list[Layout] = []
        self._values: list[Floats] = []
        self._qualities: list[Qualities] = []
        self._stamps: list[int] = []
        self._statuses: list[int] = []
        self._texts: list[Text] = []

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self._layouts)

    def data(self, layout: Layout, data: bytes, stamp_ns: int) -> None:
        """Take the data of a block."""
        value, quality, texts = layout.decode(data, stamp_ns)
        self._add(layout, value, quality, stamp_ns, 0)
        self._texts += texts

    def bad(self, layout: Layout, quality: int, stamp_ns: int, status: int) -> None:
        """Take a block that has no data: its tags are bad, each without value."""
        n = len(layout.tags)
        self._add(layout, np.full(n, np.nan), np.full(n, quality, np.uint32), stamp_ns, status)
        self._texts += [Text(tag, None, stamp_ns, quality, status) for tag in layout.text_tags]

    def _add(self, layout: Layout, value: Floats, quality: Qualities, stamp_ns: int, status: int) -> None:
        self._layouts.append(layout)
        self._values.append(value)
        self._qualities.append(quality)
        self._stamps.append(stamp_ns)
        self._statuses.append(status)

    def columns(self) -> Columns:
        """Return all samples."""
        if not self._layouts:
            return Columns.empty()
        if len(self._layouts) == 1:
            tag, n = self._layouts[0].tags, len(self._layouts[0].tags)
            return Columns(
                tag,
                self._values[0],
                self._qualities[0],
                np.full(n, self._stamps[0], np.int64),
                np.full(n, self._statuses[0], np.uint32),
                tuple(self._texts),
            )
        sizes = [len(value) for value in self._values]
        return Columns(
            np.concatenate([layout.tags for layout in self._layouts]),
            np.concatenate(self._values),
            np.concatenate(self._qualities),
            np.repeat(np.array(self._stamps, np.int64), sizes),
            np.repeat(np.array(self._statuses, np.uint32), sizes),
            tuple(self._texts),
        )
