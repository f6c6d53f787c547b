"""Gathers what the answers of one `read` bring, and makes columns of it."""

from __future__ import annotations

import numpy as np

from control.signal import Columns, Text
from drivers.modbus.codec import Floats, Layout, Qualities


class Answers:
    """The samples of one read, block by block."""

    def __init__(self) -> None:
        """Begin with none."""
        self._blocks: list[tuple[Layout, Floats, Qualities, int, int]] = []
        self._texts: list[Text] = []

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self._blocks)

    def data(self, layout: Layout, data: bytes, stamp_ns: int) -> None:
        """Take the data of a block."""
        value, quality, texts = layout.decode(data, stamp_ns)
        self._blocks.append((layout, value, quality, stamp_ns, 0))
        if texts:
            self._texts += texts

    def bad(self, layout: Layout, quality: int, stamp_ns: int, status: int) -> None:
        """Take a block that has no data: its tags are bad, each without value."""
        n = len(layout.tags)
        block = (layout, np.full(n, np.nan), np.full(n, quality, np.uint32), stamp_ns, status)
        self._blocks.append(block)
        self._texts += [Text(tag, None, stamp_ns, quality, status) for tag in layout.text_tags]

    def columns(self) -> Columns:
        """Return all samples."""
        if len(self._blocks) == 1:
            ((layout, value, quality, stamp_ns, status),) = self._blocks
            n = value.size
            stamps, statuses = np.empty(n, np.int64), np.empty(n, np.uint32)
            stamps.fill(stamp_ns)
            statuses.fill(status)
            return Columns(layout.tags, value, quality, stamps, statuses, tuple(self._texts))
        if not self._blocks:
            return Columns.empty()
        layouts, values, qualities, stamp_of, status_of = zip(*self._blocks, strict=True)
        sizes = [value.size for value in values]
        return Columns(
            np.concatenate([layout.tags for layout in layouts]),
            np.concatenate(values),
            np.concatenate(qualities),
            np.repeat(np.array(stamp_of, np.int64), sizes),
            np.repeat(np.array(status_of, np.uint32), sizes),
            tuple(self._texts),
        )
