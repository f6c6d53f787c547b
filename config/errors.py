"""What is wrong with a configuration: all of it, each mistake with its place and its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from config.nodes import Map, Place, place_at

Path = tuple[str | int, ...]
"""Where in the effective configuration: `("units", "br1", "tags", "temp.pv", "low")`."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake, or one warning."""

    file: str
    line: int
    column: int
    field: str
    """What it is about, as `units.br1.tags.temp.pv.low`."""
    message: str
    """What is wrong."""
    fix: str = ""
    """What would be right."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.message}" + (
            f"; {self.fix}" if self.fix else ""
        )


class ConfigError(Exception):
    """A configuration that cannot be used; `problems` has every mistake that could be found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class _Finding:
    place: Place
    path: Path
    message: str
    fix: str


class Findings:
    """Collects mistakes and warnings while a configuration is read.

    One mistake in a template shows up in every unit made from it: such findings, equal but for the
    unit, become one problem that names the units.
    """

    def __init__(self) -> None:
        self.root: Map | None = None
        """The expanded tree, once there is one: it knows the places of paths."""
        self._errors: list[_Finding] = []
        self._broken: set[Place] = set()
        self._warnings: list[_Finding] = []

    def error(self, place: Place | None, path: Path, message: str, fix: str = "") -> None:
        """Record a mistake. Without a place, the path is looked up in the expanded tree."""
        place = place or self.place(path)
        if place not in self._broken:
            self._errors.append(_Finding(place, path, message, fix))

    def broken(self, place: Place, path: Path, message: str, fix: str = "") -> None:
        """Record that the value at a place cannot be read; nothing more is said about it."""
        self.error(place, path, message, fix)
        self._broken.add(place)

    def warn(self, place: Place | None, path: Path, message: str, fix: str = "") -> None:
        """Record a warning: something that works, and yet is probably not meant."""
        self._warnings.append(_Finding(place or self.place(path), path, message, fix))

    def place(self, path: Path) -> Place:
        """Return where in the files a path of the effective configuration was written."""
        return Place("", 1) if self.root is None else place_at(self.root, path)

    @property
    def count(self) -> int:
        """Mistakes recorded so far."""
        return len(self._errors)

    @property
    def errors(self) -> list[Problem]:
        """Every mistake, in the order of the files."""
        return _merged(self._errors)

    @property
    def warnings(self) -> list[Problem]:
        """Every warning, in the order of the files."""
        return _merged(self._warnings)


def _merged(findings: Sequence[_Finding]) -> list[Problem]:
    groups: dict[tuple[Place, Path, str, str], list[_Finding]] = {}
    for finding in findings:
        groups.setdefault(
            (finding.place, _beside_unit(finding.path), finding.message, finding.fix), []
        ).append(finding)
    return sorted(_problem(group) for group in groups.values())


def _beside_unit(path: Path) -> Path:
    return path[2:] if path[:1] == ("units",) and len(path) > 2 else path


def _problem(group: Sequence[_Finding]) -> Problem:
    first = group[0]
    others = list(dict.fromkeys(str(f.path[1]) for f in group[1:] if f.path != first.path))
    message = first.message
    if others:
        few = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        message += f" (likewise in {few})"
    field = ".".join(str(step) or "''" for step in first.path)
    return Problem(first.place.file, first.place.line, first.place.column, field, message, first.fix)
