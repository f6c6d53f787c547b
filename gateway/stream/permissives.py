"""What every permissive says now, from the engine's own conditions: nobody computes them a second time."""

from __future__ import annotations

import math

from config.site import Site
from control.signal import BAD
from control.state import State


def unfulfilled(site: Site, state: State) -> dict[str, list[str]]:
    """Return, by permissive, which of its conditions do not hold; an empty list permits.

    Args:
        site: the configuration that the engine runs.
        state: of the engine; another thread may be changing it, so that two conditions may be of two scans.
    """
    found: dict[str, list[str]] = {}
    place = 0
    for name, permissive in site.permissives.items():
        guards = len(permissive.loops) + len(permissive.phases)
        if guards == 0:
            continue
        guard = state.logic.guards[place]
        place += guards
        entries = state.logic.conditions["entry"][guard["first_condition"] : guard["last_condition"]]
        found[name] = [
            condition
            for condition, entry in zip(permissive.when, entries.tolist(), strict=True)
            if not _holds(state, entry)
        ]
    return found


def _holds(state: State, entry: int) -> bool:
    """Say whether a condition holds: what is bad or no number does not (`control.stages.permissives`)."""
    value = float(state.memory.value[entry])
    return state.memory.quality[entry] < BAD and not math.isnan(value) and value != 0.0
