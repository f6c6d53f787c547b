"""A compiled program of calculations and conditions, and the memory it works in: arrays only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from control.rings import Rows

Reals = npt.NDArray[np.float64]
Qualities = npt.NDArray[np.uint32]


class Program(NamedTuple):
    """What is to be computed. Nothing changes it."""

    code: Rows
    """INSTRUCTION rows."""
    entries: Rows
    """ENTRY rows, each after those that it needs."""
    inputs: npt.NDArray[np.uint32]
    """Tags that the entries read."""


class Memory(NamedTuple):
    """What the evaluation reads and writes: the engine's state, as far as it is logic."""

    value: Reals
    """By entry: its result."""
    quality: Qualities
    """By entry."""
    register: Reals
    """The entry's own, then constants and tables, the shared results, and the states that are asked for."""
    register_quality: Qualities
    cells: Reals
    """What functions remember. Zeros are a cold start."""
    evaluated_ns: npt.NDArray[np.int64]
    """By entry: monotonic time of the last evaluation; 0: none since the start."""

    def restart(self) -> None:
        """Say that nothing has been evaluated since the start: the time before it is a gap."""
        self.evaluated_ns[:] = 0
