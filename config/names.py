"""Full names: what a reference within a unit stands for, and what it may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from config.errors import Findings, Path
from config.nodes import Map, Place
from config.suggest import did_you_mean

LOOP_TAGS: Final = ("sp", "op", "mode")
"""Tags that every loop brings."""
RATIO_TAG: Final = "ratio"
"""What a loop with a ratio brings besides."""
SELECTOR_TAGS: Final = ("op", "selected")
SPLIT_TAGS: Final = ("op",)
_BROUGHT: Final = {"loops": LOOP_TAGS, "selectors": SELECTOR_TAGS, "splits": SPLIT_TAGS}
_TAG_SOURCES: Final = ("tags", "calculations", "loops", "selectors", "splits")


class Names:
    """Every tag that a configuration declares, right or wrong, and every unit."""

    def __init__(self, units: Map, incomplete: Iterable[str], findings: Findings) -> None:
        self._findings = findings
        self._incomplete = set(incomplete)
        self._places: dict[str, Place] = {}
        self._locals: dict[str, list[str]] = {}
        self.doubled: set[tuple[str, str, str]] = set()
        """Unit, kind and name of what brings a tag that there already is: none of it is used."""
        for unit, content in units.items():
            self._locals[unit] = []
            if not isinstance(content, Map):
                self._incomplete.add(unit)
                continue
            for kind in _TAG_SOURCES:
                self._declare(unit, kind, content)

    def _declare(self, unit: str, kind: str, content: Map) -> None:
        collection = content.get(kind)
        if collection is None:
            return
        if not isinstance(collection, Map):
            self._incomplete.add(unit)
            return
        for name in collection:
            for tag in _brought(kind, name, collection[name]):
                self._add(unit, tag, collection.place_of(name), ("units", unit, kind, name))

    def _add(self, unit: str, tag: str, place: Place, path: tuple[str, str, str, str]) -> None:
        full = f"{unit}/{tag}"
        other = self._places.setdefault(full, place)
        if other is not place:
            what = f"the tag {tag!r}" if tag == path[3] else f"brings the tag {tag!r}, which"
            self.doubled.add((path[1], path[2], path[3]))
            self._findings.error(
                place, path, f"{what} is already written in {other}", "give one of them another name"
            )
            return
        self._locals[unit].append(tag)

    def exists(self, full: str) -> bool:
        """Tell whether a tag is declared, or may be one of a unit that could not be read whole."""
        return full in self._places or full.partition("/")[0] in self._incomplete

    def full(self, unit: str, reference: str) -> str:
        """Return the full name of what a reference in a unit stands for."""
        return reference if "/" in reference else f"{unit}/{reference}"

    def loops(self, unit: str) -> list[str]:
        """Return the names of the loops that a unit declares."""
        return [name.removesuffix(".mode") for name in self._locals.get(unit, []) if name.endswith(".mode")]

    def check(self, unit: str | None, reference: str, path: Path) -> str | None:
        """Return the full name of a reference; None when there is no such tag, which is recorded.

        Args:
            unit: the unit that the reference is written in; None outside units.
            reference: as it is written.
            path: where it is written.
        """
        if unit is None and "/" not in reference:
            full = [f"{u}/{reference}" for u, known in self._locals.items() if reference in known]
            fix = did_you_mean(f"{full[0]}", full) if full else "write unit/module.signal"
            self._findings.error(None, path, f"{reference!r} is not the full name of a tag", fix)
            return None
        name = self.full(unit or "", reference)
        if self.exists(name):
            return name
        self._findings.error(None, path, f"there is no tag {reference!r}", self._meant(unit, reference))
        return None

    def _meant(self, unit: str | None, reference: str) -> str:
        other, slash, local = reference.rpartition("/")
        if slash and other not in self._locals:
            return did_you_mean(other, self._locals, "there is no such unit")
        where = other if slash else unit
        known = self._locals.get(where or "", [])
        elsewhere = [f"{u}/{local}" for u, names in self._locals.items() if u != where and local in names]
        if not slash and elsewhere and local not in known:
            return did_you_mean(f"{elsewhere[0]}", elsewhere[:3])
        fix = did_you_mean(local, known, "declare it, or correct the name")
        return fix if not slash or not fix.startswith("did") else fix.replace("'", f"'{other}/", 1)


def _brought(kind: str, name: str, content: Any) -> list[str]:
    """Return the tags that something declared under a name brings."""
    parts: tuple[str, ...] = {"loops": LOOP_TAGS, "selectors": SELECTOR_TAGS, "splits": SPLIT_TAGS}.get(
        kind, ()
    )
    remote = content.get("remote") if kind == "loops" and isinstance(content, Map) else None
    if isinstance(remote, Map) and remote.get("ratio") is not None:
        parts = (*parts, RATIO_TAG)
    return [f"{name}.{part}" for part in parts] or [name]
