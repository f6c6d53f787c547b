"""How fast a recording of the demo's plant is run again: what would these limits have done last month?"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from config.assembly import restore
from config.load import load
from config.site import Site
from config.tags import Access, TagKind
from control import cache, signal
from control.carry.roster import call_roll
from control.carry.snapshot import Encoder
from control.pacing import Moment
from control.replay import Replayer, Tape
from control.rings import Rows
from control.tables import Tables, build
from gateway.continuity import clocks
from gateway.continuity.comparison import verify
from gateway.continuity.contrast import contrast
from gateway.continuity.packing import pack
from gateway.continuity.playback import choose, play
from gateway.continuity.recording import SUFFIX, Kind, encode, encode_head, encode_rows, head_of
from gateway.demo.plant import DEMO_SITE

FILES, FILE_S = 3, 600
SAMPLED_S = 1.0
"""Time between two samples of a tag."""
LIMIT = 1440.0
"""Recorded seconds in a second of one processor: a day takes a minute, a month half an hour."""
START_NS, UTC_NS = 10**12, 18 * 10**17
_FRAME_SCANS = 5
"""The recorder writes twice a second."""


def run() -> Iterator[dict[str, Any]]:
    """Record half an hour, run it again under its own configuration and under another one."""
    site = load(DEMO_SITE).site
    with tempfile.TemporaryDirectory() as folder:
        size = _record(site, Path(folder))
        paths = choose(Path(folder))
        other = restore(site.model_dump_json().encode(), "other")
        ways: dict[str, Callable[[], Any]] = {
            "compared with what was live": lambda: verify(play(paths)),
            "under another configuration": lambda: contrast(play(paths, other)),
        }
        for name, way in ways.items():
            way()
            began = time.process_time()
            found = way()
            spent = time.process_time() - began
            recorded_s = found.scans * site.gateway.scan_period
            figure = recorded_s / spent
            holds = figure >= LIMIT and (name != "compared with what was live" or found.holds)
            yield {
                "bench": f"replay of the demo's plant, {len(site.tags)} tags, {name}",
                "figure": round(figure, 1),
                "unit": "recorded s per CPU s",
                "limit": LIMIT,
                "holds": holds,
                "a_day_s": round(86_400 / figure, 1),
                "a_month_min": round(30 * 86_400 / figure / 60, 1),
                "recorded_s": recorded_s,
                "mb_a_day": round(size / recorded_s * 86_400 / 1e6, 1),
            }


def _record(site: Site, folder: Path) -> int:
    """Run the plant on a random walk of its tags, and write what the recorder writes; return its bytes."""
    tables = build(site)
    roster = call_roll(site, tables.state, tables.expressions)
    encoder = Encoder(site.gateway.name, cache.fingerprint(), clocks.boot(), roster, tables.arena)
    step_ns = round(site.gateway.scan_period * 1e9)
    scans = round(FILE_S * 1e9 / step_ns)
    moment = Moment(START_NS, UTC_NS, 0, 0, 0, 0, 0, 0)
    replayer = Replayer(tables.state, moment)
    random = np.random.default_rng(4)
    written = 0
    for _ in range(FILES):
        samples, statistics = _inputs(site, random, moment, scans, step_ns)
        state = encoder.encode(tables.arena.block, moment)
        path = folder / f"{moment.utc_ns}{SUFFIX}"
        found = replayer.run(Tape(moment.inbox, samples), Tape(0, np.zeros(0, signal.COMMAND)), statistics)
        rows = {
            kind: found.rows(kind.name.lower()) for kind in (Kind.OUTPUTS, Kind.REPORTS, Kind.TRANSITIONS)
        }
        rows |= {Kind.INBOX: samples, Kind.STATISTICS: statistics}
        firsts = {kind: int(getattr(moment, kind.name.lower())) for kind in rows}
        with path.open("wb") as file:
            file.write(encode_head(head_of(site, UTC_NS, moment.utc_ns)))
            file.write(encode(Kind.SNAPSHOT, 0, 1, state))
            for kind, many in rows.items():
                for part in np.array_split(many, max(1, scans // _FRAME_SCANS)):
                    if len(part):
                        file.write(encode_rows(kind, firsts[kind], part))
                        firsts[kind] += len(part)
        assert pack(path)
        written += path.stat().st_size
        moment = _moved(moment, tables, statistics, firsts)
    return written


def _moved(moment: Moment, tables: Tables, statistics: Rows, ends: dict[Kind, int]) -> Moment:
    last = statistics[-1]
    fields = moment._asdict() | {kind.name.lower(): end for kind, end in ends.items()}
    return Moment(**fields | {"monotonic_ns": int(last["monotonic_ns"]), "utc_ns": int(last["utc_ns"])})


def _inputs(
    site: Site, random: np.random.Generator, moment: Moment, scans: int, step_ns: int
) -> tuple[Rows, Rows]:
    """Return samples of every tag that is read, in time, and a statistics row for each scan."""
    read = [
        index
        for index, tag in enumerate(site.tags.values())
        if tag.device is not None and tag.access is not Access.WRITE and tag.kind is not TagKind.TEXT
    ]
    times = round(FILE_S / SAMPLED_S)
    each = scans // times
    rows = np.zeros((times, len(read)), signal.SAMPLE)
    rows["tag"] = read
    rows["value"] = 20.0 + np.cumsum(random.normal(0.0, 0.2, rows.shape), axis=0)
    rows["source_ns"] = moment.utc_ns + np.arange(1, times + 1)[:, None] * each * step_ns
    statistics = np.zeros(scans, signal.STATISTICS)
    number = np.arange(1, scans + 1)
    statistics["scan"] = moment.statistics + number
    statistics["monotonic_ns"] = moment.monotonic_ns + number * step_ns
    statistics["utc_ns"] = moment.utc_ns + number * step_ns
    statistics["inbox_index"] = moment.inbox + (number + each - 1) // each * len(read)
    return rows.reshape(-1), statistics
