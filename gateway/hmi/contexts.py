"""Batches and phases of units, from the events that name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.hmi.trend_view import BatchRun


@dataclass(frozen=True, slots=True)
class Stretch:
    """A unit's time in a batch, or in a phase of it."""

    unit: str
    campaign: str
    batch: str
    phase: str
    """Empty: the batch as a whole, or a time between phases."""
    start_ns: int
    end_ns: int | None
    """None: it goes on."""

    @property
    def label(self) -> str:
        """Return what people call it."""
        return " ".join(part for part in (self.batch or self.campaign, self.phase) if part)

    def run(self, now_ns: int) -> BatchRun:
        """Return it as something to lay over others."""
        end_ns = now_ns if self.end_ns is None else self.end_ns
        return BatchRun(self.unit, self.start_ns // 1_000_000, -(-end_ns // 1_000_000))


def phases(events: Sequence[Mapping[str, Any]]) -> list[Stretch]:
    """Return where each unit was, from one context to its next; without those in which it was in none.

    Args:
        events: of type `context`, in any order.
    """
    found = []
    for unit, of_unit in sorted(_by_unit(events).items()):
        ends: list[int | None] = [int(event["time_ns"]) for event in of_unit[1:]]
        for event, end_ns in zip(of_unit, [*ends, None], strict=True):
            names = (event["campaign"], event["batch"], event["phase"])
            if any(names) and end_ns != int(event["time_ns"]):
                found.append(Stretch(unit, *names, int(event["time_ns"]), end_ns))
    return found


def batches(events: Sequence[Mapping[str, Any]]) -> list[Stretch]:
    """Return the batches of each unit: phases of the same batch, one after the other, are one."""
    found: list[Stretch] = []
    for phase in phases(events):
        last = found[-1] if found else None
        same = last is not None and (last.unit, last.campaign, last.batch, last.end_ns) == (
            *(phase.unit, phase.campaign, phase.batch),
            phase.start_ns,
        )
        start_ns = found.pop().start_ns if same else phase.start_ns
        found.append(Stretch(phase.unit, phase.campaign, phase.batch, "", start_ns, phase.end_ns))
    return [stretch for stretch in found if stretch.batch]


def present_batch(events: Sequence[Mapping[str, Any]], batch: str) -> Stretch | None:
    """Return the batch that a unit is in, from where it began; None where the events do not tell.

    Args:
        events: of type `context` and one unit, in any order.
        batch: its name, as it is reported now.
    """
    last = next(iter(reversed(batches(events))), None)
    return last if last is not None and last.batch == batch and last.end_ns is None else None


def name_of(run: BatchRun, events: Sequence[Mapping[str, Any]]) -> str:
    """Return what people call a run: its phase where it is one, or its batch."""
    for stretch in (*phases(events), *batches(events)):
        same_end = stretch.end_ns is None or -(-stretch.end_ns // 1_000_000) == run.end_ms
        if stretch.unit == run.unit and stretch.start_ns // 1_000_000 == run.start_ms and same_end:
            return f"{stretch.label} ({run.unit})"
    return run.unit


def _by_unit(events: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for event in sorted(events, key=lambda event: (int(event["time_ns"]), str(event["id"]))):
        found.setdefault(event["unit"], []).append(event)
    return found
