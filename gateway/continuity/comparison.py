"""Whether a replay under the recording's own configuration is what was live. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from config.site import Site
from control.rings import Rows
from gateway.continuity.playback import Stretch
from gateway.continuity.recording import RINGS, Kind


@dataclass(slots=True)
class Equality:
    """Rows of one ring, then and in the replay."""

    recorded: int = 0
    replayed: int = 0
    different: int = 0
    missing: int = 0
    """Rows that only one of the two has, other than at the very end."""
    first: str = ""
    """The first row that differs, in words."""

    @property
    def holds(self) -> bool:
        """Whether every row is the same, to the bit."""
        return not self.different and not self.missing


@dataclass(slots=True)
class Verdict:
    """Whether a replay under the recording's own configuration is what was live."""

    scans: int = 0
    files: int = 0
    rings: dict[str, Equality] = field(default_factory=dict)
    states_compared: int = 0
    states_different: int = 0
    other_build: bool = False
    ended: list[str] = field(default_factory=list)
    """Files that could not be replayed to their end, and why."""

    @property
    def holds(self) -> bool:
        """Whether everything is the same."""
        return all(ring.holds for ring in self.rings.values()) and not self.states_different

    def to_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {**asdict(self), "holds": self.holds}


def verify(stretches: Iterable[Stretch]) -> Verdict:
    """Compare what came out of a replay with what came out live."""
    verdict = Verdict(
        rings={RINGS[kind]: Equality() for kind in (Kind.OUTPUTS, Kind.REPORTS, Kind.TRANSITIONS)}
    )
    for stretch in stretches:
        verdict.files += 1
        verdict.scans += stretch.scans
        verdict.other_build |= not stretch.same_build
        if stretch.state_agreed is not None:
            verdict.states_compared += 1
            verdict.states_different += not stretch.state_agreed
        if stretch.ended:
            verdict.ended.append(f"{stretch.path.name}: {stretch.ended}")
        for kind, recorded in stretch.recorded.items():
            equality, replayed = verdict.rings[RINGS[kind]], stretch.replayed[kind]
            _compare(equality, recorded, replayed, stretch.before, kind)
            if not stretch.last:
                equality.missing += abs(len(recorded) - len(replayed))
    return verdict


def _compare(equality: Equality, recorded: Rows, replayed: Rows, site: Site, kind: Kind) -> None:
    both = min(len(recorded), len(replayed))
    width = recorded.dtype.itemsize
    raw = [np.frombuffer(r[:both].tobytes(), np.uint8).reshape(both, width) for r in (recorded, replayed)]
    unequal = np.flatnonzero((raw[0] != raw[1]).any(axis=1))
    equality.recorded += len(recorded)
    equality.replayed += len(replayed)
    equality.different += len(unequal)
    if len(unequal) and not equality.first:
        n = int(unequal[0])
        equality.first = f"{_told(recorded[n], site, kind)} then, {_told(replayed[n], site, kind)} now"


def _told(row: Any, site: Site, kind: Kind) -> str:
    if kind is Kind.TRANSITIONS:
        return f"kind {row['kind']} of {row['index']}: {row['before']} to {row['after']} at {row['utc_ns']}"
    return f"{list(site.tags)[int(row['tag'])]} = {row['value']:g}"
