"""Are all messages of a stretch of time in the store? Each has a number, so a hole is seen, not guessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gateway.historian.points import NO_SOURCE, Source, StoredPoints
from gateway.historian.spans import Spans


@dataclass(frozen=True, slots=True)
class Hole:
    """Messages that the store does not have, both ends included."""

    source: Source
    first: int
    last: int
    cause: str
    """What the gateway said of them; empty: nothing, so nobody knows."""


@dataclass(frozen=True, slots=True)
class Run:
    """Messages of one partition within the range."""

    source: Source
    first: int
    last: int
    stored: int
    """Different ones that the store has."""
    holes: tuple[Hole, ...]


def runs(
    points: StoredPoints,
    events: Iterable[Mapping[str, Any]],
    backfilled: Sequence[bool],
    elsewhere: StoredPoints | None = None,
    messages: Mapping[Source, Spans] | None = None,
) -> list[Run]:
    """Return the messages of each partition, from the first to the last of the range.

    Args:
        points: everything stored of the range, of all tags.
        events: stored of the range, as their JSON says them; gap events name the cause of holes.
        backfilled: for each point, whether it was read back later: its message may be from any time.
        elsewhere: stored of other times. A message of the range may hold old values alone (what a quiet
            device said first after a restart): it is no hole.
        messages: the store's own account of messages that it has, where it keeps one.
    """
    told = list(events)
    found: dict[Source, set[int]] = {}
    for number, source in enumerate(points.sources):
        mine = (points.source == number) & ~np.asarray(backfilled, np.bool_)
        found.setdefault(source, set()).update(np.unique(points.sequence[mine]).tolist())
    for event in told:
        source = Source(event["gateway"], int(event["epoch"]), int(event["partition"]))
        found.setdefault(source, set()).add(int(event["sequence"]))
    made = []
    for source, sequences in sorted(found.items()):
        if sequences:
            held = Spans((messages or {}).get(source, ()))
            for others in (sequences, _sequences(points, source), _sequences(elsewhere, source)):
                for sequence in others:
                    held.add(sequence)
            made.append(_run(source, sequences, held, [e for e in told if e["type"] == "gap"]))
    return made


def keeps_identities(points: StoredPoints) -> bool:
    """Say whether a store keeps with which message a point came."""
    return bool(len(points) == 0 or (points.source != NO_SOURCE).all())


def _sequences(points: StoredPoints | None, source: Source) -> set[int]:
    if points is None or source not in points.sources:
        return set()
    return set(np.unique(points.sequence[points.source == points.sources.index(source)]).tolist())


def _run(source: Source, sequences: set[int], held: Spans, gaps: Sequence[Mapping[str, Any]]) -> Run:
    first, last = min(sequences), max(sequences)
    missing = held.gaps(first, last)
    pieces = [(low, high, "") for low, high in missing]
    for gap in gaps:
        if (gap["gateway"], gap["epoch"], gap["partition"]) == tuple(source):
            low, high, reason = int(gap["first"]), int(gap["last"]), str(gap["reason"])
            pieces = [part for piece in pieces for part in _parted(piece, low, high, reason)]
    holes: list[Hole] = []
    for low, high, cause in pieces:
        if holes and (holes[-1].last, holes[-1].cause) == (low - 1, cause):
            holes[-1] = Hole(source, holes[-1].first, high, cause)
        else:
            holes.append(Hole(source, low, high, cause))
    stored = last - first + 1 - sum(high - low + 1 for low, high in missing)
    return Run(source, first, last, stored, tuple(holes))


def _parted(piece: tuple[int, int, str], low: int, high: int, cause: str) -> Iterator[tuple[int, int, str]]:
    """Yield a piece with the cause of what lies from `low` to `high`."""
    first, last, before = piece
    if first > high or last < low:
        yield piece
        return
    if first < low:
        yield first, low - 1, before
    yield max(first, low), min(last, high), cause
    if last > high:
        yield high + 1, last, before
