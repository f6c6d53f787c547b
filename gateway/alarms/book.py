"""What each alarm's state is, from its events: the list that operators work through."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from config.alarms import Priority

RANK: Final = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}
_UNACKNOWLEDGED: Final = frozenset("BDE")
_ANNUNCIATED: Final = frozenset("BCDEF")
_SILENT: Final = frozenset("GHI")


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
    active: bool
    """Whether its condition holds, also while it is not annunciated."""
    shelved_until_ns: int | None = None
    changed_by: str | None = None
    """Who brought it to its state; None: the plant did."""

    @property
    def unacknowledged(self) -> bool:
        """Whether somebody has to acknowledge it."""
        return self.state in _UNACKNOWLEDGED

    @property
    def urgency(self) -> tuple[bool, int, int]:
        """Sort key: unacknowledged first, then by priority, then the newest."""
        return (not self.unacknowledged, RANK[self.priority], -self.onset_ns)


class AlarmBook:
    """Alarms that are not normal. Events may come twice or late: the newest of an alarm counts."""

    def __init__(self) -> None:
        """Begin with everything normal."""
        self._lines: dict[str, AlarmLine] = {}
        self._first: dict[str, tuple[int, str | None]] = {}
        """By first-out group: when it was last told, and the alarm that came first."""
        self._started_ns = 0
        self._ordered: tuple[int, list[AlarmLine], dict[str, AlarmLine]] = (-1, [], {})
        self.version = 0
        """Changes with every change of the book."""

    def take(self, event: dict[str, Any]) -> None:
        """Take an event: alarms change their state, a gateway's cold start makes all normal again."""
        if event["type"] == "gateway" and event["state"] == "started" and event.get("start") != "warm":
            self._began(int(event["time_ns"]))
        elif event["type"] == "alarm":
            self._changed(event)
        elif event["type"] == "alarm_first_out":
            self._came_first(event)

    def lines(self, units: Collection[str] | None = None) -> list[AlarmLine]:
        """Return what is annunciated, the most urgent first."""
        return [line for line in self._in_order()[0] if units is None or line.unit in units]

    def came_first(self, alarm: str) -> bool:
        """Return whether an alarm came first in its first-out group, which was not reset since."""
        return any(first == alarm for _, first in self._first.values())

    def silent(self, units: Collection[str] | None = None) -> list[AlarmLine]:
        """Return what is shelved, suppressed or out of service, by state, the latest first."""
        return sorted(self._in(_SILENT, units), key=lambda line: (line.state, -line.changed_ns))

    def _in(self, states: Collection[str], units: Collection[str] | None) -> list[AlarmLine]:
        return [
            line
            for line in self._lines.values()
            if line.state in states and (units is None or line.unit in units)
        ]

    def line(self, name: str) -> AlarmLine | None:
        """Return an alarm that is annunciated; None when it is not."""
        line = self._lines.get(name)
        return line if line is not None and line.state in _ANNUNCIATED else None

    def by_tag(self) -> dict[str, AlarmLine]:
        """Return the most urgent alarm of each tag that has one."""
        return self._in_order()[1]

    def _in_order(self) -> tuple[list[AlarmLine], dict[str, AlarmLine]]:
        """Return what is annunciated by urgency, and by tag. Pages ask often, the book changes seldom."""
        if self._ordered[0] != self.version:
            lines = sorted(self._in(_ANNUNCIATED, None), key=lambda line: line.urgency)
            self._ordered = self.version, lines, {line.tag: line for line in reversed(lines)}
        return self._ordered[1:]

    def _began(self, time_ns: int) -> None:
        if time_ns <= self._started_ns:
            return
        self._started_ns = time_ns
        self._lines = {name: line for name, line in self._lines.items() if line.changed_ns >= time_ns}
        self._first = {group: told for group, told in self._first.items() if told[0] >= time_ns}
        self.version += 1

    def _came_first(self, event: dict[str, Any]) -> None:
        time_ns, group = int(event["time_ns"]), event["name"]
        if time_ns >= max(self._started_ns, self._first.get(group, (0, None))[0]):
            self._first[group] = time_ns, event["first"]
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
            active=bool(event["active"]),
            shelved_until_ns=event.get("shelved_until_ns"),
            changed_by=event.get("user"),
        )


def counts(lines: Iterable[AlarmLine]) -> tuple[int, int]:
    """Return how many there are, and how many of them are unacknowledged."""
    listed = list(lines)
    return len(listed), sum(line.unacknowledged for line in listed)


def calling(lines: Iterable[AlarmLine]) -> tuple[str, int]:
    """Return the priority that is sounded, and when the newest call was (ms UTC); `("", 0)` for silence.

    What stands and nobody has acknowledged calls aloud (state B); what has returned is shown only.
    """
    called = [line for line in lines if line.state == "B"]
    if not called:
        return "", 0
    most = min(called, key=lambda line: RANK[line.priority])
    return most.priority, max(line.changed_ns for line in called) // 1_000_000
