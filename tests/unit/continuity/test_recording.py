"""What a live engine did is on record, and replays to the bit; or under other limits, to the difference."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from config.assembly import restore
from config.site import Recording, Site
from control import signal as s
from control.carry.roster import call_roll
from control.engine import Engine
from control.rings import Rows
from control.tables import build
from gateway.cli.main import app
from gateway.continuity import recorder as recording_thread
from gateway.continuity.comparison import verify
from gateway.continuity.contrast import contrast
from gateway.continuity.packing import Packer, pack
from gateway.continuity.playback import choose, play
from gateway.continuity.recorder import FOLDER, Recorder
from gateway.continuity.recording import (
    SUFFIX,
    DamagedRecording,
    Kind,
    encode,
    encode_rows,
    frames,
    is_packed,
    joined,
    read_head,
    read_segment,
    side_by_side,
)
from tests.unit.control.carry.test_transfer import make
from tests.unit.control.plant import Tags, site

pytestmark = pytest.mark.timeout(600)  # compiles the replay

TAGS: Tags = {"pv": {}, "out": {"access": "write", "low": 0, "high": 100}}


def quick_site(limit: float = 60.0, **changed: float) -> Site:
    loops = {"l": {"pv": "u/pv", "output": "u/out", "kp": 2, "ti": "2 s", "sp": 50} | changed}
    alarms = {"high": {"tag": "u/pv", "type": "high", "limit": limit}}
    made = site(TAGS, scan_period="5 ms", loops=loops, alarms=alarms)
    return restore(made.model_dump_json().encode(), f"limit-{limit:g}")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a recording of some files, by a live engine that was fed and drained meanwhile."""
    folder = tmp_path_factory.mktemp("recorded")
    made = quick_site()
    engine = Engine(build(made))
    recorder = Recorder(folder, Recording(segment_period=0.5), period_s=0.05)
    recorder.follow(made, engine, call_roll(made, engine.tables.state, engine.tables.expressions))
    engine.start()
    recorder.start()
    random = np.random.default_rng(1)
    begun = time.monotonic()
    while time.monotonic() - begun < 2.5:
        rows = np.zeros(1, s.SAMPLE)
        rows["value"], rows["source_ns"] = random.normal(55, 8), time.time_ns()
        assert engine.inbox.push(rows) == 1
        if random.random() < 0.05:
            command = np.zeros(1, s.COMMAND)
            command["kind"], command["ticket"], command["value"] = s.SET_POINT, 7, random.uniform(40, 60)
            assert engine.commands.push(command) == 1
        drain(engine)
        time.sleep(0.003)
    engine.stop()
    drain(engine)
    recorder.stop()
    assert (recorder.refused, recorder.failures) == (0, 0)
    return folder / FOLDER


def drain(engine: Engine) -> None:
    for ring in (engine.outputs, engine.reports, engine.transitions, engine.statistics):
        ring.pop(10_000)


def test_a_replay_is_what_was_live_to_the_bit(recorded: Path) -> None:
    paths = choose(recorded)
    assert len(paths) >= 3
    verdict = verify(play(paths))
    assert verdict.holds, verdict
    assert verdict.files == len(paths)
    assert verdict.scans > 100
    assert verdict.states_compared == len(paths) - 1
    assert verdict.rings["outputs"].replayed > 50
    assert verdict.rings["transitions"].replayed > 10
    assert verdict.ended == []


def test_any_file_replays_by_itself(recorded: Path) -> None:
    for path in choose(recorded):
        verdict = verify(play([path]))
        assert verdict.holds, verdict
        assert verdict.states_compared == 0


def test_other_limits_show_what_they_would_have_done(recorded: Path) -> None:
    changes = contrast(play(choose(recorded), quick_site(limit=65.0)))
    (alarm,) = changes.alarms
    assert alarm.name == "u/high"
    assert 0 < alarm.now < alarm.then
    assert len(alarm.only_then_ns) >= alarm.then - alarm.now
    assert changes.outputs == ()
    same = contrast(play(choose(recorded), quick_site()))
    assert all(not a.only_then_ns and not a.only_now_ns for a in same.alarms)
    assert not same.outputs
    assert same.events_only_then == same.events_only_now == ()


def test_another_gain_shows_what_it_would_have_written(recorded: Path) -> None:
    paths = choose(recorded)
    changes = contrast(play(paths, quick_site(kp=3.0)))
    (output,) = changes.outputs
    assert output.tag == "u/out"
    assert output.largest > 1.0
    live = verify(play(paths)).rings["outputs"].recorded
    assert live - len(paths) <= output.rows_then <= live


def test_what_another_configuration_refuses_is_told(recorded: Path) -> None:
    """Set-points were commanded: without room for them the other configuration has none of them."""
    changes = contrast(play(choose(recorded), quick_site(sp_high=39.0, sp=30.0)))
    assert 0 < len(changes.events_only_then) <= 20
    assert all(" set_point name=u/l" in event for event in changes.events_only_then)
    assert changes.events_only_now == ()


def test_a_recording_that_was_cut_replays_as_far_as_it_goes(recorded: Path, tmp_path: Path) -> None:
    """As a kill leaves the newest file, which is not packed yet."""
    path = Path(shutil.copy(choose(recorded)[-1], tmp_path))
    assert not is_packed(path)
    path.write_bytes(path.read_bytes()[:-5])
    verdict = verify(play([path]))
    assert verdict.scans > 10
    assert verdict.rings["outputs"].different == 0


def test_a_packed_recording_is_smaller_and_replays_to_the_same_bits(recorded: Path, tmp_path: Path) -> None:
    paths = [as_written(path, tmp_path) for path in choose(recorded)]
    before = [read_segment(path) for path in paths]
    sizes = [path.stat().st_size for path in paths]
    assert [pack(path) for path in paths] == [True] * len(paths)
    assert [pack(path) for path in paths] == [False] * len(paths)  # they are packed
    assert sum(path.stat().st_size for path in paths) < 0.8 * sum(sizes)
    assert sorted(tmp_path.iterdir()) == paths  # nothing is left beside them
    for path, was in zip(paths, before, strict=True):
        now = read_segment(path)
        assert (read_head(path), now.head, now.snapshot) == (was.head, was.head, was.snapshot)
        for kind in was.runs:
            assert _pasted(now.runs[kind]) == _pasted(was.runs[kind])
    verdict = verify(play(paths))
    assert verdict.holds
    assert verdict.scans > 200


def as_written(path: Path, folder: Path) -> Path:
    """Write a recording's rows as the recorder does before they are packed: a few in each frame."""
    head = list(frames(path.read_bytes()))[:2]
    runs = [
        encode_rows(kind, first + begin, rows[begin : begin + 7])
        for kind, many in read_segment(path).runs.items()
        for first, rows in many
        for begin in range(0, len(rows), 7)
    ]
    written = folder / path.name
    written.write_bytes(b"".join(encode(frame.kind, 0, 1, frame.body) for frame in head) + b"".join(runs))
    return written


def _pasted(runs: list[tuple[int, Rows]]) -> list[tuple[int, bytes]]:
    return [(first, rows.tobytes()) for first, rows in side_by_side(runs)]


def test_a_recording_with_a_damaged_place_stays_as_it_is(recorded: Path, tmp_path: Path) -> None:
    path = as_written(choose(recorded)[0], tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    for damaged in (bytes(data), bytes(data[:-5]), b""):
        path.write_bytes(damaged)
        assert not pack(path)
        assert path.read_bytes() == damaged


def test_files_that_are_complete_are_packed_while_the_newest_is_not(recorded: Path, tmp_path: Path) -> None:
    for path in choose(recorded):
        as_written(path, tmp_path)
    (tmp_path / "1.packing").write_bytes(b"a kill left it")
    *complete, newest = choose(tmp_path)
    packer = Packer(tmp_path)
    packer.start()
    until(lambda: all(is_packed(path) for path in complete))
    packer.stop()
    assert not is_packed(newest)
    assert not (tmp_path / "1.packing").exists()
    assert packer.unpacked == 0


def test_a_disk_without_room_keeps_files_as_they_are_until_it_has_some(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for path in choose(recorded):
        as_written(path, tmp_path)
    *complete, _ = choose(tmp_path)
    before = {path: path.read_bytes() for path in complete}
    usage = shutil.disk_usage(tmp_path)
    room = max(path.stat().st_size for path in complete) + 500_000_000
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=500_000_000))
    packer = Packer(tmp_path)
    packer.start()
    until(lambda: packer.unpacked == len(complete))
    assert {path: path.read_bytes() for path in complete} == before
    assert "recordings stay unpacked: packing would leave less than 500 MB free" in caplog.text
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=room))
    packer.look()
    until(lambda: packer.unpacked == 0)
    packer.stop()
    assert all(is_packed(path) for path in complete)


def test_a_file_that_cannot_be_packed_is_counted(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    folder = tmp_path / FOLDER
    folder.mkdir()
    for path in choose(recorded):
        as_written(path, folder)
    monkeypatch.setattr(os, "fsync", refuse)
    recorder = Recorder(tmp_path, Recording())
    recorder._packer.start()
    until(lambda: recorder.counters()["unpacked"] == len(choose(folder)) - 1)
    recorder._packer.stop()
    assert not any(is_packed(path) for path in choose(folder))
    assert not list(folder.glob("*.packing"))
    assert "cannot be packed and stays as it is" in caplog.text


def test_a_changed_recording_is_found_out(recorded: Path, tmp_path: Path) -> None:
    """Somebody alters what was measured, and makes the file whole again."""
    path = as_written(choose(recorded)[0], tmp_path)
    data = path.read_bytes()
    head = list(frames(data))[:2]
    found = read_segment(path)
    runs = {kind: list(rows) for kind, rows in found.runs.items()}
    first, rows = runs[Kind.INBOX][1]
    altered = rows.copy()
    altered["value"] += 3.0
    runs[Kind.INBOX][1] = (first, altered)
    path.write_bytes(
        b"".join(encode(frame.kind, 0, 1, frame.body) for frame in head)
        + b"".join(encode_rows(kind, first, rows) for kind, many in runs.items() for first, rows in many)
    )
    verdict = verify(play([path]))
    assert not verdict.holds
    assert "u/" in verdict.rings["outputs"].first


def test_the_head_says_what_made_it(recorded: Path) -> None:
    head = read_head(choose(recorded)[0])
    assert (head.gateway, head.fingerprint) == ("g", "limit-60")
    assert {"cellgate", "numba", "llvmlite", "numpy", "cpu", "cpu_features"} <= head.made_by.keys()
    assert restore(head.site, head.fingerprint).alarms.keys() == {"u/high"}


def test_files_are_chosen_by_time(recorded: Path) -> None:
    paths = choose(recorded)
    begins = [int(path.stem) for path in paths]
    assert choose(recorded, begins[1] + 1, begins[1] + 2) == [paths[1]]
    assert choose(recorded, None, begins[0] + 1) == [paths[0]]
    with pytest.raises(FileNotFoundError):
        choose(recorded, None, begins[0] - 10)


def test_no_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / f"1{SUFFIX}"
    path.write_bytes(b"something else")
    with pytest.raises(DamagedRecording):
        list(play([path]))


def test_the_oldest_files_go_for_age(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Recording(max_age=1.0))
    (tmp_path / FOLDER).mkdir()
    now_ns = time.time_ns()
    for age_s in (100, 50, 0):
        (tmp_path / FOLDER / f"{now_ns - age_s * 10**9}{SUFFIX}").write_bytes(b"x")
    recorder._remove_old()
    assert recorder.removed == 2


def test_a_disk_that_is_slow_costs_rows_that_are_counted_and_a_new_file_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_thread, "_WAITING_BYTES", 100)
    made = make()
    engine = Engine(build(made))
    recorder = Recorder(tmp_path, Recording())
    recorder.follow(made, engine, call_roll(made, engine.tables.state, engine.tables.expressions))
    for _ in range(10):
        engine.inbox.push(np.zeros(2, s.SAMPLE))
    assert recorder.refused > 0
    engine.start()
    recorder.start()
    until(lambda: len(list((tmp_path / FOLDER).glob("*"))) > 0)
    engine.stop()
    recorder.stop()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


RUNS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 6)), max_size=12)


@settings(max_examples=80)
@given(runs=RUNS, begin=st.integers(0, 30))
def test_rows_are_joined_by_number_up_to_the_first_that_is_missing(
    runs: list[tuple[int, int]], begin: int
) -> None:
    made = []
    for first, count in runs:
        rows = np.zeros(count, s.SAMPLE)
        rows["ordinal"] = np.arange(first, first + count)
        made.append((first, rows))
    there = {n for first, count in runs for n in range(first, first + count)}
    expected: list[int] = []
    while begin + len(expected) in there:
        expected.append(begin + len(expected))
    tape = joined(Kind.INBOX, made, begin)
    assert tape.rows["ordinal"].tolist() == expected
    together = side_by_side(made)
    assert sum(len(rows) for _, rows in together) == sum(count for _, count in runs)


def test_the_command_says_whether_it_is_the_same(recorded: Path, tmp_path: Path) -> None:
    path = choose(recorded)[0]
    shown = CliRunner().invoke(app, ["replay", str(path)])
    assert shown.exit_code == 0, shown.output
    assert "the same as live" in shown.output
    told = CliRunner().invoke(app, ["replay", str(recorded), "--json"])
    assert orjson.loads(told.stdout)["holds"] is True
    assert CliRunner().invoke(app, ["replay", str(tmp_path)]).exit_code == 2
