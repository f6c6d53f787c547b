"""From the event record to what happened to each alarm: when it stood, when it was annunciated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from config.alarms import Priority


@dataclass(slots=True)
class Standing:
    """One time that an alarm's condition held."""

    name: str
    unit: str
    priority: Priority
    begun_ns: int
    """When the alarm was raised, delays considered."""
    ended_ns: int | None = None
    """None: it still stands."""

    def lasted_ns(self, now_ns: int) -> int:
        """Return how long it stood, up to now at the most."""
        return (now_ns if self.ended_ns is None else self.ended_ns) - self.begun_ns


@dataclass(frozen=True, slots=True)
class Annunciation:
    """One time that an alarm called for the operator."""

    name: str
    unit: str
    priority: Priority
    time_ns: int


@dataclass(frozen=True, slots=True)
class Silencing:
    """One time that an alarm was shelved, suppressed by design or removed from service."""

    how: str
    unit: str
    time_ns: int


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """What the events of a time tell."""

    standings: tuple[Standing, ...]
    annunciations: tuple[Annunciation, ...]
    """By time."""
    silencings: tuple[Silencing, ...]


_SILENCES: Final = ("shelve", "suppress", "remove")


class _Reader:
    def __init__(self) -> None:
        self.standings: list[Standing] = []
        self.annunciations: dict[tuple[str, int], Annunciation] = {}
        self.silencings: list[Silencing] = []
        self._open: dict[str, Standing] = {}

    def take(self, event: Mapping[str, Any]) -> None:
        if event["type"] == "gateway":
            if event["state"] == "started" and event.get("start", "cold") == "cold":
                self._end_all(int(event["time_ns"]))
        elif event["type"] == "alarm":
            self._alarm(event)

    def _alarm(self, event: Mapping[str, Any]) -> None:
        name, unit, time_ns = event["name"], event["unit"], int(event["time_ns"])
        priority = Priority(event["priority"])
        if event.get("cause") in _SILENCES:
            self.silencings.append(Silencing(event["cause"], unit, time_ns))
        called_ns = event.get("annunciated_ns")
        if called_ns is not None:
            # Once for each occurrence, whatever else became of it: a flood joins several events in one.
            key = (name, int(event["occurrence"]))
            self.annunciations.setdefault(key, Annunciation(name, unit, priority, int(called_ns)))
        standing = self._open.get(name)
        if event["active"] and standing is None:
            self._open[name] = Standing(name, unit, priority, time_ns)
            self.standings.append(self._open[name])
        elif not event["active"] and standing is not None:
            standing.ended_ns = time_ns
            del self._open[name]

    def _end_all(self, time_ns: int) -> None:
        """Take note of a cold start, which makes every alarm normal."""
        for standing in self._open.values():
            standing.ended_ns = time_ns
        self._open.clear()


def read_record(events: Iterable[Mapping[str, Any]]) -> AlarmRecord:
    """Return what events (by time) tell of alarms; events of other kinds are passed over."""
    reader = _Reader()
    for event in events:
        reader.take(event)
    ordered = sorted(reader.annunciations.values(), key=lambda one: one.time_ns)
    return AlarmRecord(tuple(reader.standings), tuple(ordered), tuple(reader.silencings))
