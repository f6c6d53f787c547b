"""State that is to be gone on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from control.carry.roster import Roster

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Held:
    """State with the names of what it belongs to."""

    roster: Roster
    arrays: Arrays
