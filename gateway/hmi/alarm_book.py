"""What each alarm's state is, from its events: the list that operators work through."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from config.alarms import Priority

RANK: Final = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}
_UNACKNOWLEDGED: Final = frozenset("BDE")
_ACTIVE: Final = frozenset("BC")
_QUIET: Final = frozenset("A")


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """The present state of an alarm that is not normal."""

    name: str
    unit: str
    tag: str
    type: str
    priority: Priority
    state: str
    """Letter of ISA-18.2."""
    occurrence: int
    onset_ns: int
    changed_ns: int
    value: float | None
    limit: float | None

    @property
    def unacknowledged(self) -> bool:
        """Whether somebody has to acknowledge it."""
        return self.state in _UNACKNOWLEDGED

    @property
    def active(self) -> bool:
        """Whether its condition holds."""
        return self.state in _ACTIVE

    @property
    def urgency(self) -> tuple[bool, int, int]:
        """Sort key: unacknowledged first, then by priority, then the newest."""
        return (not self.unacknowledged, RANK[self.priority], -self.onset_ns)


class AlarmBook:
    """Alarms that are not normal. Events may come twice or late: the newest of an alarm counts."""

    def __init__(self) -> None:
        """Begin with everything normal."""
        self._lines: dict[str, AlarmLine] = {}
        self._started_ns = 0
        self.version = 0
        """Changes with every change of the book."""

    def take(self, event: dict[str, Any]) -> None:
        """Take an event: alarms change their state, a gateway's start makes all normal again."""
        if event["type"] == "gateway" and event["state"] == "started":
            self._began(int(event["time_ns"]))
        elif event["type"] == "alarm":
            self._changed(event)

    def lines(self, units: Collection[str] | None = None) -> list[AlarmLine]:
        """Return what is not normal, the most urgent first."""
        found = [
            line
            for line in self._lines.values()
            if line.state not in _QUIET and (units is None or line.unit in units)
        ]
        return sorted(found, key=lambda line: line.urgency)

    def by_tag(self) -> dict[str, AlarmLine]:
        """Return the most urgent alarm of each tag that has one."""
        return {line.tag: line for line in reversed(self.lines())}

    def _began(self, time_ns: int) -> None:
        if time_ns <= self._started_ns:
            return
        self._started_ns = time_ns
        self._lines = {name: line for name, line in self._lines.items() if line.changed_ns >= time_ns}
        self.version += 1

    def _changed(self, event: dict[str, Any]) -> None:
        time_ns, name = int(event["time_ns"]), event["name"]
        before = self._lines.get(name)
        if time_ns < self._started_ns or (before is not None and time_ns < before.changed_ns):
            return
        self.version += 1
        self._lines[name] = AlarmLine(
            name=name,
            unit=event["unit"],
            tag=event["tag"],
            type=event["alarm_type"],
            priority=Priority(event["priority"]),
            state=event["after"],
            occurrence=int(event["occurrence"]),
            onset_ns=int(event["onset_ns"]),
            changed_ns=time_ns,
            value=event["value"],
            limit=event["limit"],
        )


def counts(lines: Iterable[AlarmLine]) -> tuple[int, int]:
    """Return how many are active, and how many unacknowledged."""
    listed = list(lines)
    return sum(line.active for line in listed), sum(line.unacknowledged for line in listed)
