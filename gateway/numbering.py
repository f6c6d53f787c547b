"""Two numbers for a tag: the one that its device's session was planned with, and the engine's of now.

They are the same until a configuration is changed while the gateway runs: then the engine counts anew,
and the sessions of untouched devices go on with the numbers that their subscriptions were made with.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from control.signal import Columns


class Numbering:
    """The numbers of one device's tags, both ways."""

    def __init__(self) -> None:
        """Begin with both the same."""
        self.over = False
        """The session has ended: what it still says counts no more."""
        self._to_engine: npt.NDArray[np.int32] | None = None
        self._to_session: dict[int, int] = {}

    def renumber(self, places: npt.NDArray[np.int32]) -> None:
        """Take where each of the engine's present numbers is from now on; less than 0: nowhere."""
        if self._to_engine is None:
            self._to_engine = places
        else:
            onwards = [int(places[tag]) if tag >= 0 else tag for tag in self._to_engine.tolist()]
            self._to_engine = np.array(onwards, np.int32)
        numbers = enumerate(self._to_engine.tolist())
        self._to_session = {tag: session for session, tag in numbers if tag >= 0}

    def columns(self, columns: Columns) -> Columns:
        """Return a session's columns as the engine counts."""
        if self._to_engine is None:
            return columns
        texts = tuple(replace(text, tag=int(self._to_engine[text.tag])) for text in columns.texts)
        return replace(columns, tag=self._to_engine[columns.tag], texts=texts)

    def tag(self, session: int) -> int:
        """Return the engine's number."""
        return session if self._to_engine is None else int(self._to_engine[session])

    def session(self, tag: int) -> int:
        """Return the session's number."""
        return tag if self._to_engine is None else self._to_session[tag]
