"""What is forced and simulated, on its way to other tables: it stays with its tag, or ends with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from control.actuation_layout import NOT_AN_OUTPUT
from control.actuation_signal import OVERRIDE_FORCED, OVERRIDE_NONE
from control.layout import NOT_A_SLOT
from control.state import State


def overrides_kept(
    arrays: Mapping[str, npt.NDArray[Any]], tags: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Return the rows of what can go on: its tag is one of these, which are the same as before."""
    rows = arrays.get("overrides.rows")
    if rows is None:
        return np.zeros(0, np.intp)
    return np.flatnonzero((rows["kind"] != OVERRIDE_NONE) & np.isin(rows["tag"], tags))


def find_overrides(state: State) -> None:
    """Find the tags and outputs of what is forced and simulated in the new tables."""
    rows = state.overrides.rows
    held = np.flatnonzero(rows["kind"] != OVERRIDE_NONE)
    state.overrides.place[rows["tag"][held]] = held
    slots = state.outputs.slot_of_tag[rows["tag"][held]]
    is_output = (slots != NOT_A_SLOT) & (rows["kind"][held] == OVERRIDE_FORCED)
    rows["slot"][held] = np.where(is_output, slots, NOT_AN_OUTPUT)
    state.counters["overrides"] = len(held)
