"""`cellgate record`: from devices, and from a gateway's scans, into a file that a device plays back."""

from __future__ import annotations

import asyncio
import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from config.load import load
from control.signal import BAD, COMM, GOOD, SAMPLE, SIMULATED, STATISTICS, alive_tag
from drivers import registry
from drivers.api import TagRef
from drivers.replay.recording import Recording
from drivers.replay.stretch import DamagedRecording
from gateway.cli.main import app
from gateway.continuity.recording import Kind, encode, encode_head, encode_rows, head_of
from gateway.demo.processes import free_port
from gateway.record import from_scans
from tests.contract.rig import Observer, Value, close_stream
from tests.servers import libmodbus
from tests.servers.process import ROOT

SITE = """
site: {{ name: pilot }}
gateway: {{ name: gw1 }}
devices:
  plc: {{ driver: modbus, host: 127.0.0.1, port: {port}, period: 50 ms }}
  gone: {{ driver: modbus, host: 127.0.0.1, port: {away}, period: 50 ms, dead_after: 300 ms }}
units:
  u:
    area: a
    cell: c
    tags:
      temp: {{ device: plc, address: {{ address: 0, type: float32 }} }}
      name: {{ device: plc, kind: text, address: {{ address: 4, type: string, length: 4 }} }}
      set: {{ device: plc, access: write, address: {{ address: 9 }} }}
      other: {{ device: gone, address: {{ address: 0 }} }}
"""
PLAYED = """
site: {{ name: pilot }}
gateway: {{ name: gw1 }}
devices:
  plc: {{ driver: replay, file: {file}, repeat: true }}
  gone: {{ driver: replay, file: {file}, repeat: true }}
units:
  u:
    area: a
    cell: c
    tags:
      temp: {{ device: plc, address: {{ address: 0, type: float32 }} }}
      name: {{ device: plc, kind: text, address: {{ address: 4, type: string, length: 4 }} }}
      other: {{ device: gone, address: {{ address: 0 }} }}
"""


def _record(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway.cli.main", "record", str(site), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=100)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    port = free_port()
    server = libmodbus.server(port)
    server.start()
    server.command("set h 0 16662 0 0 0 18533 27756 28416 0")  # 9.375, and `Hello`
    path = tmp_path / "site.yaml"
    path.write_text(SITE.format(port=port, away=free_port()), encoding="utf-8")
    yield path
    server.kill()


async def test_what_was_recorded_is_played_back_under_the_same_tags(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.acquired"
    done = await asyncio.to_thread(_record, site, "-o", str(file), "--for", "1 s")
    assert done.returncode == 0, done.stderr
    assert "gone: " in done.stderr, "a device that is away is told"
    assert "plc: " not in done.stderr
    (digest,) = re.findall(r"digest (\w+)$", done.stdout, re.MULTILINE)
    with Recording(file) as recording:
        assert [tag.name for tag in recording.head.tags] == ["u/temp", "u/name", "u/other"]
        assert sum(len(stretch) for stretch in recording) > 10
        assert recording.digest == digest

    played = tmp_path / "played.yaml"
    played.write_text(PLAYED.format(file=file.name), encoding="utf-8")
    loaded = load(played, {}).site
    wanted: dict[str, dict[str, tuple[Value | None, int]]] = {
        "plc": {"u/temp": (9.375, GOOD | SIMULATED), "u/name": ("Hello", GOOD | SIMULATED)},
        "gone": {"u/other": (None, BAD | COMM | SIMULATED)},
    }
    for name, samples in wanted.items():
        driver = registry.create(name, loaded.devices[name])
        refs = [
            TagRef(loaded.tag_index[full], full, tag) for full, tag in loaded.tags_of_device(name).items()
        ]
        assert driver.plan(refs) == {}
        observer = Observer(refs)
        await driver.open()
        stream = driver.subscribe()
        async with asyncio.timeout(10):
            while observer.last.keys() < samples.keys():
                observer(await anext(stream))
        await close_stream(stream)
        await driver.close()
        assert {tag: (seen.value, seen.quality) for tag, seen in observer.last.items()} == samples


def test_mistakes_are_told(tmp_path: Path) -> None:
    site, notes = tmp_path / "site.yaml", tmp_path / "notes.txt"
    site.write_text(SITE.format(port=1, away=2), encoding="utf-8")
    run = functools.partial(CliRunner().invoke, app)
    done = run(["record", str(site), "-o", str(tmp_path / "a.acquired"), "-d", "plcc"])
    assert (done.exit_code, "no such device: plcc; there are plc, gone" in done.output) == (2, True)
    notes.write_text("mine", encoding="utf-8")
    done = run(["record", str(site), "-o", str(notes), "--for", "1 s"])
    assert (done.exit_code, "no recording" in done.output) == (1, True)
    assert notes.read_text(encoding="utf-8") == "mine"


def test_samples_come_out_of_a_gateways_scans(tmp_path: Path) -> None:
    """Each with the time of the scan that took it; other devices, and signs of life, are left out."""
    path = tmp_path / "site.yaml"
    path.write_text(SITE.format(port=1, away=2), encoding="utf-8")
    effective = load(path, {}).site
    temp, other = effective.tag_index["u/temp"], effective.tag_index["u/other"]
    inbox = np.zeros(5, SAMPLE)
    inbox["tag"] = [temp, other, alive_tag(0), temp, temp]
    inbox["value"], inbox["source_ns"] = [1, 2, 0, 3, 4], [11, 12, 13, 14, 15]
    scans = np.zeros(3, STATISTICS)
    scans["utc_ns"], scans["inbox_index"] = [1000, 2000, 3000], [101, 102, 105]
    recording = tmp_path / "5.recording"
    recording.write_bytes(
        encode_head(head_of(effective, 1, 5))
        + encode(Kind.SNAPSHOT, 0, 1, b"")
        + encode_rows(Kind.INBOX, 100, inbox[:2])
        + encode_rows(Kind.STATISTICS, 7, scans)
        + encode_rows(Kind.INBOX, 102, inbox[2:])
    )
    head, stretches = from_scans(recording, ["plc"])
    (stretch,) = stretches
    assert [tag.name for tag in head.tags] == ["u/temp", "u/name"]
    rows = stretch.rows[["arrival_ns", "source_ns", "tag", "value"]].tolist()
    assert rows == [(1000, 11, 0, 1.0), (3000, 14, 0, 3.0), (3000, 15, 0, 4.0)]
    _, later = from_scans(recording, ["plc"], 1500, 10_000)
    assert [len(each) for each in later] == [2]

    path.write_text(SITE.format(port=3, away=4), encoding="utf-8")
    changed = load(path, {}).site
    (tmp_path / "6.recording").write_bytes(
        encode_head(head_of(changed, 2, 6)) + encode(Kind.SNAPSHOT, 0, 1, b"")
    )
    _, both = from_scans(tmp_path, [])
    with pytest.raises(DamagedRecording, match="another configuration"):
        list(both)
