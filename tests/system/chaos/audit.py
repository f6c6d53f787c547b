"""After the chaos: what was journalled, against each store, the order, the ledger and what was said."""

from __future__ import annotations

import contextlib
import sqlite3
import time

import numpy as np

from gateway.completeness import Verdict
from gateway.historian.query import HOT_FILE, folder_of, open_history
from gateway.ledger.ledger import keep_ledger
from gateway.stream.journal_reader import JournalReader
from tests.servers.works import Works
from tests.system.chaos.faults import STORES, Chaos


def audit(chaos: Chaos) -> dict[str, Verdict]:
    """Return what was compared. It reads databases through proxies: not to be called on their loop.

    Raises:
        AssertionError: something is lost, doubled, altered or out of order.
    """
    works, found = chaos.works, {}
    for name in STORES:
        found[name] = verdict = works.verdict(name)
        assert verdict.whole, (name, verdict, chaos.done)
        assert verdict.journalled > 1000
    _order(works)
    _the_ledger_agrees(works, chaos.began_ns)
    assert chaos.backwards == []
    assert b"journal: full: " in chaos.gateway.log.read_bytes(), "the gateway says that its disk is full"
    assert _quarantined(works) == []
    return found


def _order(works: Works) -> None:
    """The reports of a tag, by the numbers of their messages, are in the order of their source times."""
    history = open_history(works.site.streams.historians[0], works.data)
    points = history.raw(list(works.site.tags), 0, 2**62)
    history.close()
    epochs = np.array([source.epoch for source in points.sources])[points.source]
    for tag in np.unique(points.tag).tolist():
        mine = points.take(points.tag == tag)
        order = np.lexsort((mine.row, mine.sequence, epochs[points.tag == tag]))
        assert (np.diff(mine.source_ns[order]) >= 0).all(), points.tags[tag]


def _the_ledger_agrees(works: Works, began_ns: int) -> None:
    """Every message of the tap is stored by the ledger's count, and no hole is open."""
    names = [name for name in works.site.tags if name.startswith("u0/m")]
    ledger = keep_ledger(works.site, works.data, names, began_ns, time.time_ns(), 3600 * 10**9)
    assert (ledger.unexplained, ledger.waiting) == (0, 0), ledger.runs
    assert ledger.runs is not None
    journalled = {}
    for path in (works.data / "tap").glob("tap-*.sqlite"):
        with JournalReader(path) as reader:
            for partition, head in reader.heads().items():
                journalled[reader.epoch, partition] = head
    assert {(run.source.epoch, run.source.partition): run.last for run in ledger.runs} == journalled
    assert all(run.holes == () for run in ledger.runs), ledger.runs


def _quarantined(works: Works) -> list[tuple[str, str]]:
    """Return what was set aside, which nothing should have been."""
    rows = []
    for name in STORES:
        path = folder_of(works.data, name) / HOT_FILE
        with contextlib.closing(sqlite3.connect(path)) as database:
            rows += database.execute("SELECT origin, reason FROM quarantine").fetchall()
    return rows
