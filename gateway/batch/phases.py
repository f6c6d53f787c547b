"""Phases of the units as the engine knows them."""

from __future__ import annotations

import numpy as np

from config.site import Site
from control.logic_tables import phase_code
from control.state import State
from gateway.batch.context import ContextBook


def restore_phases(site: Site, state: State, contexts: ContextBook, now_ns: int) -> None:
    """Put each unit into the phase that its context says, before the engine starts."""
    for index, unit in enumerate(site.units):
        context = contexts.describe(int(contexts.resolve(unit, np.array([now_ns], np.int64))[0]))
        state.logic.units[index]["phase"] = phase_code(context.phase)
