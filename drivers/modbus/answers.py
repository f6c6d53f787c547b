"""Gathers what the answers of one `read` bring, and makes columns of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from control.signal import Columns, Text
from drivers.modbus.codec import Layout
from drivers.modbus.schedule import Poll

_CYCLES_KEPT: Final = 32
"""Layouts of whole cycles that are remembered; a device has a few, one for each set of periods."""


class Cycles:
    """The layouts of polls that were answered together, made once for each set of them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._layouts: dict[tuple[Poll, ...], Layout] = {}

    def layout(self, polls: Sequence[Poll]) -> Layout:
        """Return the layout of these polls' answers, one behind the other."""
        if len(polls) == 1:
            return polls[0].layout
        key = tuple(polls)
        found = self._layouts.get(key)
        if found is None:
            if len(self._layouts) >= _CYCLES_KEPT:
                self._layouts.clear()
            found = self._layouts[key] = Layout.joined([poll.layout for poll in polls])
        return found


class Answers:
    """The samples of one read, piece by piece."""

    def __init__(self) -> None:
        """Begin with none."""
        self._pieces: list[Columns] = []

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self._pieces)

    def data(self, layout: Layout, pdus: bytearray, stamps_ns: Sequence[int]) -> bool:
        """Take answers, one behind the other; False: they are not what was asked for."""
        decoded = layout.decode(pdus, stamps_ns)
        if decoded is None:
            return False
        value, quality, source_ns, texts = decoded
        status = np.zeros(value.size, np.uint32)
        self._pieces.append(Columns(layout.tags, value, quality, source_ns, status, tuple(texts)))
        return True

    def bad(self, layout: Layout, quality: int, stamp_ns: int, status: int) -> None:
        """Take a read that has no data: its tags are bad, each without value."""
        texts = tuple(Text(tag, None, stamp_ns, quality, status) for tag in layout.text_tags)
        self._pieces.append(
            Columns.filled(layout.tags, quality=quality, source_ns=stamp_ns, status=status, texts=texts)
        )

    def columns(self) -> Columns:
        """Return all samples."""
        pieces = self._pieces
        if len(pieces) == 1:
            return pieces[0]
        if not pieces:
            return Columns.empty()
        return Columns(
            np.concatenate([piece.tag for piece in pieces]),
            np.concatenate([piece.value for piece in pieces]),
            np.concatenate([piece.quality for piece in pieces]),
            np.concatenate([piece.source_ns for piece in pieces]),
            np.concatenate([piece.status for piece in pieces]),
            tuple(text for piece in pieces for text in piece.texts),
        )
