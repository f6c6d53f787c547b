"""What expressions may ask the state of: the alarms, interlocks and units that a configuration declares."""

from __future__ import annotations

from typing import Final

from config.expressions import Mention
from config.expressions.states import ALARM, BYPASSED, INTERLOCK, STATES
from config.nodes import Map
from config.suggest import did_you_mean

_COLLECTIONS: Final = {ALARM: "alarms", INTERLOCK: "interlocks", BYPASSED: "interlocks"}
"""Function to the collection of a unit that declares what it asks for."""


class StateNames:
    """Names of alarms and interlocks, right or wrong in themselves, by unit."""

    def __init__(self, units: Map) -> None:
        self._declared: dict[tuple[str, str], list[str]] = {}
        self._units = list(units)
        for unit, content in units.items():
            for kind in set(_COLLECTIONS.values()):
                collection = content.get(kind) if isinstance(content, Map) else None
                if collection is None or isinstance(collection, Map):
                    self._declared[unit, kind] = list(collection or ())

    def mistake(self, unit: str, mention: Mention) -> tuple[str, str] | None:
        """Return what is wrong with a name in an expression of a unit, and the remedy; None if nothing is."""
        other, slash, name = mention.name.rpartition("/")
        owner = other if slash else unit
        if owner not in self._units:
            return f"there is no unit {owner!r}", did_you_mean(owner, self._units, "")
        kind = _COLLECTIONS.get(mention.function)
        known = self._declared.get((owner, kind)) if kind is not None else None
        if known is None or name in known:
            return None
        what = STATES[mention.function].of
        fix = did_you_mean(name, known, f"name an {what} of the unit" if known else "the unit has none")
        return f"there is no {what} {mention.name!r}", fix
