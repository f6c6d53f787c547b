"""Run a recording again, under its own configuration or another one, file after file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from config.assembly import restore
from config.site import Site
from control import cache, signal
from control.carry.held import Held
from control.carry.roster import call_roll
from control.carry.snapshot import Snapshot, decode
from control.carry.transfer import Transfer, carry_over
from control.replay import Replayer, Tape
from control.rings import Rows
from control.tables import Capacities, Tables, build
from gateway.continuity.recording import ROWS, SUFFIX, Kind, Segment, joined, read_segment
from gateway.continuity.translate import Translation

_OUT: Final = (Kind.OUTPUTS, Kind.REPORTS, Kind.TRANSITIONS)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one file gave."""

    path: Path
    before: Site
    """Configuration under which it was recorded."""
    after: Site
    """Configuration under which it was run again."""
    same_build: bool
    """False: another program or processor; the bits of numbers may differ."""
    recorded: dict[Kind, Rows]
    """What came out then."""
    replayed: dict[Kind, Rows]
    scans: int
    state_agreed: bool | None
    """Whether the state at the beginning was what the replay before led to; None where none led there."""
    ended: str
    """Why it ends before the file's last scan; empty where it does not."""
    last: bool
    """Nothing follows in its run: what came out at the very end may not have been recorded any more."""


def choose(where: Path, from_ns: int | None = None, to_ns: int | None = None) -> list[Path]:
    """Return the files of a recording that hold a time, or all; oldest first.

    Raises:
        FileNotFoundError: there is none.
    """
    if where.is_file():
        return [where]
    paths = sorted(where.glob(f"*{SUFFIX}"))
    begins = [int(path.stem) for path in paths]
    ends = [*begins[1:], 2**63][: len(begins)]
    chosen = [
        path
        for path, begin, end in zip(paths, begins, ends, strict=True)
        if (from_ns is None or end > from_ns) and (to_ns is None or begin <= to_ns)
    ]
    if not chosen:
        raise FileNotFoundError(f"{where} holds no recording of that time")
    return chosen


def play(paths: Sequence[Path], changed: Site | None = None, to_ns: int | None = None) -> Iterator[Stretch]:
    """Run files again, one after the other; each goes on from the one before where nothing lies between.

    Args:
        paths: from `choose`.
        changed: the configuration to run them under; None is their own.
        to_ns: run no scan after this time.

    Raises:
        DamagedRecording: a file is no recording.
        DamagedSnapshot: the state in one is damaged.
        TablesError: the configuration cannot be run.
    """
    player: _Player | None = None
    following = read_segment(paths[0]) if paths else None
    for number, path in enumerate(paths):
        assert following is not None
        segment, following = following, None
        if number + 1 < len(paths):
            following = read_segment(paths[number + 1])
        later = following if following is not None and following.head.run == segment.head.run else None
        if player is None or not player.leads_to(segment):
            player = _Player(segment, changed)
        yield player.play(path, segment, later, to_ns)


class _Player:
    """Tables that a run's files are played into, one after the other."""

    def __init__(self, segment: Segment, changed: Site | None) -> None:
        head = segment.head
        self._run, self._reached = head.run, 0
        self._before = restore(head.site, head.fingerprint)
        self._after = self._before if changed is None else changed
        self._translation = None if changed is None else Translation(self._before, changed)
        snapshot = decode(segment.snapshot)
        self.same_build = snapshot.build == cache.fingerprint()
        self._tables = build(self._after, _capacities(self._before, self._after))
        _restore(self._tables, self._after, snapshot, exact=changed is None and self.same_build)
        self._replayer = Replayer(self._tables.state, snapshot.moment)
        self._fresh = True

    def leads_to(self, segment: Segment) -> bool:
        """Return whether what was played ends where this file begins."""
        moment = decode(segment.snapshot).moment
        return segment.head.run == self._run and moment.statistics == self._reached

    def play(self, path: Path, segment: Segment, later: Segment | None, to_ns: int | None) -> Stretch:
        """Play one file. Rows of its last scans may stand in the one after it."""
        snapshot = decode(segment.snapshot)
        moment = snapshot.moment
        agreed = None
        if not self._fresh and self._translation is None and self.same_build:
            agreed = bool(np.array_equal(snapshot.block, self._tables.arena.block))
        self._fresh = False
        runs = {kind: segment.runs[kind] + (later.runs[kind] if later else []) for kind in ROWS}
        samples = joined(Kind.INBOX, runs[Kind.INBOX], moment.inbox)
        commands = joined(Kind.COMMANDS, runs[Kind.COMMANDS], moment.commands)
        statistics = joined(Kind.STATISTICS, runs[Kind.STATISTICS], moment.statistics)
        rows = statistics.rows
        if later is not None:
            rows = statistics.between(moment.statistics, decode(later.snapshot).moment.statistics)
        rows, ended = _playable(rows, samples, commands, to_ns)
        if self._translation is not None:
            samples = replace(samples, rows=self._translation.samples(samples.rows))
            commands = replace(commands, rows=self._translation.commands(commands.rows))
        found = self._replayer.run(samples, commands, rows)
        self._reached = moment.statistics + len(rows)
        replayed = {kind: found.rows(kind.name.lower()) for kind in _OUT}
        return Stretch(
            path,
            self._before,
            self._after,
            self.same_build,
            {kind: self._recorded(kind, runs[kind], snapshot, rows, replayed[kind]) for kind in _OUT},
            replayed,
            found.scans,
            agreed,
            ended,
            last=later is None,
        )

    def _recorded(
        self, kind: Kind, runs: list[tuple[int, Rows]], snapshot: Snapshot, scans: Rows, replayed: Rows
    ) -> Rows:
        """Return what came out live of the scans that were replayed.

        Under the same configuration that is as many rows as the replay gave; else it is told by time.
        """
        tape = joined(kind, runs, getattr(snapshot.moment, kind.name.lower()))
        if self._translation is None:
            return tape.rows[: len(replayed)]
        if not len(scans):
            return tape.rows[:0]
        if kind is Kind.OUTPUTS:
            last = scans[-1]["scan"]  # with its number come the safe outputs of a stop, which is no scan
            ours = (tape.rows["scan"] < last) | (tape.rows["reason"] != signal.OUTPUT_SAFE)
            kept: Rows = tape.rows[ours & (tape.rows["scan"] <= last)]
        else:
            stamp = "source_ns" if kind is Kind.REPORTS else "utc_ns"
            kept = tape.rows[tape.rows[stamp] <= scans[-1]["utc_ns"]]
        return kept


def _restore(tables: Tables, site: Site, snapshot: Snapshot, *, exact: bool) -> None:
    if exact and snapshot.places == tables.arena.places:
        tables.arena.block[:] = snapshot.block
        return
    roster = call_roll(site, tables.state, tables.expressions)
    new = Held(roster, tables.arena.arrays())
    now_ns = snapshot.moment.monotonic_ns
    carry_over(snapshot.held(), new, tables.state, Transfer.CHANGE, offset_ns=0, now_ns=now_ns)


def _capacities(before: Site, after: Site) -> Capacities:
    pairs = zip(_sizes(before), _sizes(after), strict=True)
    return Capacities(*(max(pair) for pair in pairs))


def _sizes(site: Site) -> tuple[int, ...]:
    of = Capacities.for_site(site)
    return (of.inbox, of.commands, of.outputs, of.reports, of.transitions, of.statistics)


def _playable(rows: Rows, samples: Tape, commands: Tape, to_ns: int | None) -> tuple[Rows, str]:
    """Return the scans for which all that they took is there, and why the rest is left out."""
    if not len(rows):
        return rows, "no scan was recorded"
    ended = ""
    jumps = np.flatnonzero(np.diff(rows["scan"]) != 1)
    if len(jumps):
        rows, ended = rows[: jumps[0] + 1], "scans are missing in the recording"
    missing = (rows["inbox_index"] > samples.end) | (rows["command_index"] > commands.end)
    if missing.any():
        rows, ended = rows[: int(np.argmax(missing))], "samples or commands are missing in the recording"
    if to_ns is not None and (rows["utc_ns"] > to_ns).any():
        rows, ended = rows[: int(np.argmax(rows["utc_ns"] > to_ns))], "the time asked for ends there"
    return rows, ended
