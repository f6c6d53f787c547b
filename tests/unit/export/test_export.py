"""`cellgate export`: what was stored is in the files, and a file that was touched is found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from config.load import load
from gateway.cli.main import app
from gateway.export import export as exporting
from gateway.export.columns import points_of
from gateway.export.manifest import verify
from gateway.export.reading import read_table
from gateway.historian.drain import Drain
from gateway.historian.embedded import EmbeddedStore
from gateway.historian.hot import HotTable
from gateway.historian.hot_queue import HotQueue
from gateway.historian.incoming import Arrival
from gateway.historian.points import concatenate
from gateway.historian.query import HOT_FILE, folder_of, open_site_history
from gateway.stream.events import to_json, with_header
from tests.messages import EPOCH, START_NS, Sample, alarm, arrival, event_topic

SECOND, DAY = 10**9, 86_400 * 10**9
SITE = """\
site: {name: site1}
gateway: {name: gw1}
units:
  br1:
    area: upstream
    cell: cell1
    tags:
      t0.pv: {unit: degC, description: Broth}
      t1.pv: {unit: L/min}
      lot: {kind: text}
"""
RUN = CliRunner()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site's file; its history is over two days, and the newest of it waits in the hot table."""
    path = tmp_path / "site.yaml"
    path.write_text(SITE, encoding="utf-8")
    folder = folder_of(tmp_path / "data", "historian")
    hot = HotTable(folder / HOT_FILE, "historian", "")
    store = EmbeddedStore(folder)
    drain = Drain(HotQueue(folder / HOT_FILE, store.name), store)
    hot.commit([arrival(n, samples(n)) for n in range(1, 41)])
    event = with_header(to_json(alarm(START_NS + 5)), EPOCH, 0, 41)
    hot.commit([Arrival(event_topic(), event, START_NS)])
    drain.step(START_NS, 0.0, flush=True)
    hot.commit([arrival(42, samples(42))])
    drain.close()
    hot.close()
    return path


def samples(sequence: int) -> list[Sample]:
    at_ns = START_NS + sequence * DAY // 40
    return [
        Sample("br1/t0.pv", sequence / 3, at_ns, quality=0x4000_0001 if sequence % 5 == 0 else 0),
        Sample("br1/t1.pv", -0.0 if sequence % 2 else 1e-310, at_ns),
        Sample("br1/t1.pv", 7.5, at_ns, ordinal=1),
        Sample("br1/lot", f'lot, "{sequence}"\nnext' if sequence % 3 else "", at_ns),
        Sample("br1/lot", 2**60 + sequence, at_ns + 1),
    ]


def write(site: Path, *more: str) -> Path:
    folder = site.parent / "out"
    place = [str(site), "--data", str(site.parent / "data"), "-o", str(folder)]
    asked = ["--from", "2025-11-01", "--to", "2025-12-01", "--format", "parquet", "--format", "csv"]
    done = RUN.invoke(
        app,
        ["export", "write", *place, *asked, *more],
    )
    assert done.exit_code == 0, done.output
    return folder


def test_the_files_hold_what_the_history_holds_equal_to_the_bit(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_AT_ONCE", 50)  # several pieces for each day, and parts of a day
    folder = write(site)
    effective = load(site, {}).site
    history = open_site_history(effective.streams, site.parent / "data")
    stored = history.raw(sorted(effective.tags), 0, 2**62)
    history.close()
    assert len(stored) == 41 * 5
    for kind in ("parquet", "csv"):
        files = sorted(folder.glob(f"points-*.{kind}"))
        assert len(files) == 2, "one a day"
        read = concatenate([points_of(read_table(file)) for file in files]).select(stored.tags).ordered()
        assert read.value.tobytes() == stored.value.tobytes()
        for name in ("tag", "quality", "source_ns", "status", "ordinal", "sequence", "row"):
            assert (getattr(read, name) == getattr(stored, name)).all(), name
        assert [read.texts[n] for n in read.text if n >= 0] == [
            stored.texts[n] for n in stored.text if n >= 0
        ]
    table = read_table(next(folder.glob("points-*.parquet")))
    assert set(table["unit"].to_pylist()) == {"degC", "L/min", None}
    assert "uncertain" in {word.split(":")[0] for word in table["quality"].to_pylist()}


def test_the_manifest_says_what_was_asked_and_what_is_there(site: Path) -> None:
    folder = write(site, "br1/t*", "--no-events")
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    assert manifest["configuration"] == load(site, {}).site.fingerprint
    assert manifest["query"]["asked"] == "br1/t*"
    assert manifest["tags"]["br1/t0.pv"] == {"unit": "degC", "description": "Broth", "points": 41}
    assert (manifest["points"], manifest["events"]) == (41 * 3, 0)
    assert manifest["tool"].startswith("cellgate ")
    for file in manifest["files"]:
        assert hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest() == file["sha256"]
    assert verify(folder).whole


def test_events_are_exported_with_the_points(site: Path) -> None:
    (event,) = map(orjson.loads, (write(site) / "events.jsonl").read_bytes().splitlines())
    assert event["type"] == "alarm"


def _altered(folder: Path) -> None:
    path = next(folder.glob("points-*.csv"))
    path.write_bytes(path.read_bytes().replace(b"7.5", b"7.6", 1))


def _forged(folder: Path) -> None:
    """Alter a file and its hash in the manifest: the sums know better."""
    _altered(folder)
    path = next(folder.glob("points-*.csv"))
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    for file in manifest["files"]:
        if file["name"] == path.name:
            file["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))


@pytest.mark.parametrize(
    ("touch", "told"),
    [
        (lambda folder: None, "whole"),
        (_altered, "was altered"),
        (_forged, "manifest.json is not the one that was written"),
        (lambda folder: next(folder.glob("*.parquet")).unlink(), "is missing"),
        (lambda folder: (folder / "more.csv").write_text("x"), "more.csv is not of this export"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "is no export"),
    ],
)
def test_a_file_that_was_touched_is_found(site: Path, touch: Callable[[Path], object], told: str) -> None:
    folder = write(site)
    touch(folder)
    done = RUN.invoke(app, ["export", "verify", str(folder)])
    assert told in done.output, done.output
    assert done.exit_code == (0 if told == "whole" else 1)


def test_an_export_is_never_written_over_another(site: Path) -> None:
    folder = write(site)
    arguments = ["export", "write", str(site), "--data", str(site.parent / "data"), "-o", str(folder)]
    done = RUN.invoke(app, arguments)
    assert (done.exit_code, "never written over" in done.output) == (1, True)
    done = RUN.invoke(app, [*arguments, "nothing/*"])
    assert (done.exit_code, "no tag matches" in done.output) == (2, True)
