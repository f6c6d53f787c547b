"""Includes: several files that together are one configuration.

`include: [devices.yaml, units/*.yaml]` names files relative to the file that includes them. Their
keys merge at every depth; what is written twice is an error that names both places, and a device, a
template, a unit or a user is always written in one place as a whole.
"""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import Final

from config.environment import Environment
from config.errors import Findings
from config.nodes import Items, Map, Place, shown
from config.yaml_source import read

_COLLECTIONS: Final = frozenset(
    {
        ("devices",),
        ("device_profiles",),
        ("templates",),
        ("units",),
        ("access", "users"),
        ("simulation", "devices"),
    }
)
"""Mappings whose entries are whole things: they never merge with another of the same name."""


def read_all(path: Path, environment: Environment, findings: Findings) -> tuple[Map, tuple[Path, ...]]:
    """Return the merged content of a file and all it includes, and the files that were read."""
    reading = _Reading(environment, findings)
    root = reading.file(path, ())
    return root or Map({}, Place(str(path), 1), {}), tuple(reading.files.values())


class _Reading:
    def __init__(self, environment: Environment, findings: Findings) -> None:
        self._environment = environment
        self._findings = findings
        self.files: dict[Path, Path] = {}
        """Files read so far: real path to the path as it was named."""

    def file(self, path: Path, chain: tuple[Path, ...]) -> Map | None:
        self.files[path.resolve()] = path
        content = read(path, self._environment, self._findings)
        if content is None or "include" not in content:
            return content
        merged = content.without("include")
        for place, included in self._included(content, path):
            if included.resolve() in {p.resolve() for p in (*chain, path)}:
                names = " → ".join(str(p) for p in (*chain, path, included))
                self._findings.error(
                    place, ("include",), f"the files include one another in a circle: {names}",
                    "remove one of these includes",
                )  # fmt: skip
            elif included.resolve() not in self.files:
                other = self.file(included, (*chain, path))
                merged = merged if other is None else _merge(merged, other, (), self._findings)
        return merged

    def _included(self, content: Map, path: Path) -> list[tuple[Place, Path]]:
        value = content["include"]
        items = value if isinstance(value, Items) else Items([value], content.place_of("include"), [])
        found: list[tuple[Place, Path]] = []
        for index, item in enumerate(items):
            place = items.place_of(index)
            if isinstance(item, str) and item:
                found.extend((place, p) for p in self._matches(item, place, path))
            else:
                self._findings.error(
                    place, ("include",), f"is not the name of a file but {shown(item)}",
                    "write include: [units.yaml, devices/*.yaml]",
                )  # fmt: skip
        return found

    def _matches(self, pattern: str, place: Place, path: Path) -> list[Path]:
        if glob.has_magic(pattern):
            names = sorted(glob.glob(pattern, root_dir=path.parent, recursive=True))
            found = [path.parent / name for name in names]
            matches = [match for match in found if match.resolve() != path.resolve()]
        else:
            matches = [Path(os.path.normpath(path.parent / pattern))]
        existing = [match for match in matches if match.is_file()]
        if not existing:
            self._findings.error(
                place, ("include",), f"no file {shown(pattern)}",
                f"the path is relative to the folder of this file, {path.parent}",
            )  # fmt: skip
        return existing


def _merge(into: Map, other: Map, path: tuple[str, ...], findings: Findings) -> Map:
    new = [key for key in other if key not in into]
    merged = into.with_entries(other, new)
    for key in other:
        if key not in into:
            continue
        mine, theirs = into[key], other[key]
        both_maps = isinstance(mine, Map) and isinstance(theirs, Map)
        if both_maps and path not in _COLLECTIONS:
            merged[key] = _merge(mine, theirs, (*path, key), findings)
        else:
            findings.error(
                other.place_of(key), (*path, key), f"is already written in {into.place_of(key)}",
                "keep one of them, or give one another name",
            )  # fmt: skip
    return merged
