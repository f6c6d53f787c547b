"""The last frames of a device, kept cheaply for the log of its loss."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime
from typing import Final

KEPT: Final = 8
SHOWN: Final = 48
"""Bytes of a frame that are shown; the length is always said."""


class Frames:
    """A short memory of what was sent and received. Nothing is formatted until somebody asks."""

    def __init__(self) -> None:
        self._kept: deque[tuple[int, str, str, bytes]] = deque(maxlen=KEPT)

    def sent(self, what: str, frame: bytes = b"") -> None:
        """Remember a frame that goes out."""
        self._kept.append((time.time_ns(), ">", what, frame))

    def received(self, what: str, frame: bytes) -> None:
        """Remember a frame that came in."""
        self._kept.append((time.time_ns(), "<", what, frame))

    def texts(self) -> list[str]:
        """Return the frames in words, oldest first."""
        return [_text(*kept) for kept in self._kept]


def _text(stamp_ns: int, arrow: str, what: str, frame: bytes) -> str:
    at = datetime.fromtimestamp(stamp_ns / 1e9, UTC).strftime("%H:%M:%S.%f")[:-3]
    if not frame:
        return f"{arrow} {at} {what}"
    more = "…" if len(frame) > SHOWN else ""
    return f"{arrow} {at} {what} {len(frame)} B {frame[:SHOWN].hex(' ', 4)}{more}"
