"""What another configuration would have done in a recorded stretch, however long. Pure.

The files of a recording are folded in one after the other: what is kept of them grows with what
differs and with the occurrences of alarms, not with the scans.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from config.site import Site
from control import signal
from control.alarm_states import ACTIVE
from control.rings import Rows
from gateway.continuity.playback import Stretch
from gateway.continuity.recording import Kind
from gateway.stream.event_model import Event
from gateway.stream.transitions import TransitionEvents

_SHOWN: Final = 20
"""Differences that are told one by one."""
_TOLD: Final = ("name", "before", "after", "active", "armed", "state")


@dataclass(frozen=True, slots=True)
class AlarmCounts:
    """How often an alarm came, then and under the other configuration."""

    name: str
    then: int
    now: int
    only_then_ns: tuple[int, ...]
    """Onsets that the other configuration does not have."""
    only_now_ns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OutputDifference:
    """How far an output would have been from what it was, with the same measurements."""

    tag: str
    rows_then: int
    rows_now: int
    largest: float
    """Of the differences of values decided in the same scan."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What another configuration would have done with the same samples and commands."""

    scans: int
    alarms: tuple[AlarmCounts, ...]
    """Every alarm that came in either."""
    events_only_then: tuple[str, ...]
    """Modes, interlocks and the like that the other configuration does not have, the first of them."""
    events_only_now: tuple[str, ...]
    outputs: tuple[OutputDifference, ...]
    """Outputs that differ."""
    ended: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return asdict(self)


def contrast(stretches: Iterable[Stretch]) -> Changes:
    """Say what the other configuration would have done otherwise."""
    scans = 0
    ended: list[str] = []
    alarms, events, outputs = _Alarms(), _Events(), _Outputs()
    for stretch in stretches:
        scans += stretch.scans
        alarms.take(stretch)
        events.take(stretch)
        outputs.take(stretch)
        if stretch.ended:
            ended.append(f"{stretch.path.name}: {stretch.ended}")
    return Changes(scans, alarms.counts(), *events.differences(), outputs.differences(), tuple(ended))


class _Alarms:
    """Onsets of every alarm, then and now."""

    def __init__(self) -> None:
        self._then: defaultdict[str, set[int]] = defaultdict(set)
        self._now: defaultdict[str, set[int]] = defaultdict(set)

    def take(self, stretch: Stretch) -> None:
        for into, site, rows in (
            (self._then, stretch.before, stretch.recorded[Kind.TRANSITIONS]),
            (self._now, stretch.after, stretch.replayed[Kind.TRANSITIONS]),
        ):
            names = list(site.alarms)
            came = rows[(rows["kind"] == signal.KIND_ALARM) & (rows["after"] & ACTIVE != 0)]
            for index in np.unique(came["index"]).tolist():
                into[names[index]].update(came["onset_ns"][came["index"] == index].tolist())

    def counts(self) -> tuple[AlarmCounts, ...]:
        found = []
        for name in sorted(self._then.keys() | self._now.keys()):
            was, becomes = self._then[name], self._now[name]
            only = tuple(sorted(was - becomes)), tuple(sorted(becomes - was))
            found.append(AlarmCounts(name, len(was), len(becomes), *only))
        return tuple(found)


class _Events:
    """Everything else that happened, as sentences with their times."""

    def __init__(self) -> None:
        self._late: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        """Of the last file alone: the other side may have it in the next."""
        self._only: tuple[list[str], list[str]] = ([], [])

    def take(self, stretch: Stretch) -> None:
        then = Counter(_sentences(stretch.before, stretch.recorded[Kind.TRANSITIONS]))
        now = Counter(_sentences(stretch.after, stretch.replayed[Kind.TRANSITIONS]))
        earlier_then, earlier_now = self._late
        self._keep(earlier_then - now, earlier_now - then)
        self._late = then - now - earlier_now, now - then - earlier_then

    def differences(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        self._keep(*self._late)
        return tuple(self._only[0]), tuple(self._only[1])

    def _keep(self, *found: Counter[str]) -> None:
        for only, sentences in zip(self._only, found, strict=True):
            only.extend(list(sentences.elements())[: _SHOWN - len(only)])


def _sentences(site: Site, rows: Rows) -> list[str]:
    make = TransitionEvents(site, lambda _ticket: None)
    others = rows[rows["kind"] != signal.KIND_ALARM]
    return [_sentence(event) for event in map(make.event, others) if event is not None]


def _sentence(event: Event) -> str:
    fields = event.model_dump(
        mode="json", exclude={"id", "config", "time_ns", "epoch", "partition", "sequence"}
    )
    told = " ".join(f"{key}={value}" for key, value in fields.items() if key in _TOLD and value is not None)
    return f"{event.time} {event.type} {told}"


@dataclass(slots=True)
class _Output:
    then: int = 0
    now: int = 0
    largest: float = math.nan
    elsewhere: bool = False
    """Written in other scans."""


class _Outputs:
    """What was written to each tag, then and now."""

    def __init__(self) -> None:
        self._tags: defaultdict[str, _Output] = defaultdict(_Output)

    def take(self, stretch: Stretch) -> None:
        then = _written(stretch.before, stretch.recorded[Kind.OUTPUTS])
        now = _written(stretch.after, stretch.replayed[Kind.OUTPUTS])
        for name in then.keys() | now.keys():
            output = self._tags[name]
            was, becomes = then.get(name, _NOTHING), now.get(name, _NOTHING)
            _, in_was, in_becomes = np.intersect1d(was["scan"], becomes["scan"], return_indices=True)
            output.then += len(was)
            output.now += len(becomes)
            output.elsewhere |= not len(was) == len(becomes) == len(in_was)
            if len(in_was):
                apart = np.abs(was["value"][in_was] - becomes["value"][in_becomes])
                output.largest = float(np.fmax(output.largest, np.max(apart)))

    def differences(self) -> tuple[OutputDifference, ...]:
        return tuple(
            OutputDifference(name, output.then, output.now, output.largest)
            for name, output in sorted(self._tags.items())
            if output.elsewhere or output.largest > 0.0
        )


_NOTHING: Final = np.zeros(0, signal.OUTPUT)


def _written(site: Site, rows: Rows) -> dict[str, Rows]:
    """Return what was written to each tag, the last row of each scan; the watchdog says nothing."""
    names = list(site.tags)
    rows = rows[rows["reason"] != signal.OUTPUT_WATCHDOG]
    found = {}
    for tag in np.unique(rows["tag"]).tolist():
        own = rows[rows["tag"] == tag]
        found[names[tag]] = own[np.append(own["scan"][1:] != own["scan"][:-1], True)]
    return found
