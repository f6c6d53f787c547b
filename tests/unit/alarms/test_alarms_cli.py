"""`cellgate alarms` on a store with events in it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from config.streams import Historian
from gateway.alarms.stored import ALARM_TYPES, read_events, read_standing, recorded_from
from gateway.cli.main import app
from gateway.historian.hot import HotTable
from gateway.historian.incoming import Arrival
from gateway.historian.query import HOT_FILE, folder_of, open_history
from gateway.stream.alarm_events import AlarmEvent
from gateway.stream.events import Event, GatewayEvent, to_json, with_header
from tests.messages import EPOCH, alarm, event_topic

SITE = """
site: { name: s }
gateway: { name: gw1 }
units:
  br1: { area: a, cell: c, tags: { temp.pv: {} } }
  br2: { area: a, cell: c }
alarm_management:
  consoles: { upstream: { units: [br1] }, other: { units: [br2] } }
"""
S = 10**9


def story(now_ns: int) -> list[dict[str, Any]]:
    """Return what happened: an alarm that stands, one on the shelf, one that came and went."""

    def one(ago_s: int, name: str, **more: Any) -> dict[str, Any]:
        at = now_ns - ago_s * S
        return {"name": f"br1/{name}", "time_ns": at, "onset_ns": at, "annunciated_ns": at} | more

    silent = {"annunciated_ns": None, "active": False, "acknowledged": True}
    return [
        one(300, "stands"),
        one(200, "went"),
        one(195, "went", before="B", after="D", cause="clear", active=False),
        one(
            100, "shelved", after="G", cause="shelve", shelved=True, user="ann",
            shelved_until_ns=now_ns + 600 * S, **silent,
        ),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alarms")
    (folder / "site.yaml").write_text(SITE, encoding="utf-8")
    hot = HotTable(folder_of(folder, "historian") / HOT_FILE, "historian", "")
    for sequence, fields in enumerate(story(time.time_ns()), 1):
        event = AlarmEvent.model_validate(alarm(int(fields["time_ns"])).model_dump(exclude={"time"}) | fields)
        hot.commit(
            [Arrival(event_topic(), with_header(to_json(event), EPOCH, 0, sequence), int(fields["time_ns"]))]
        )
    hot.close()
    return folder


def run(folder: Path, *arguments: str) -> Result:
    command, *rest = arguments
    full = ["alarms", command, str(folder / "site.yaml"), "--data", str(folder), *rest]
    return CliRunner().invoke(app, full, env={"COLUMNS": "200"})


def test_the_list_has_what_stands_and_what_is_silent(folder: Path) -> None:
    shown = run(folder, "list")
    assert shown.exit_code == 0, shown.output
    lines = {line.split("br1/")[1].split()[0]: line for line in shown.output.splitlines() if "br1/" in line}
    assert set(lines) == {"stands", "went", "shelved"}
    assert "until" in lines["shelved"]
    assert "ann" in lines["shelved"]
    parsed = orjson.loads(run(folder, "list", "--json").stdout)
    assert [line["state"] for line in parsed] == ["D", "B", "G"]


def test_the_journal_has_every_change(folder: Path) -> None:
    shown = run(folder, "journal", "--last", "1 h")
    rows = [line for line in shown.output.splitlines() if "br1/" in line]
    assert len(rows) == 4
    assert "shelve" in rows[-1]
    events = [orjson.loads(line) for line in run(folder, "journal", "--json").stdout.splitlines()]
    assert [event["cause"] for event in events] == ["raise", "raise", "clear", "shelve"]


def test_measures_are_by_console(folder: Path) -> None:
    measured = orjson.loads(run(folder, "kpi", "--last", "1 h", "--json").stdout)
    assert {name: one["count"] for name, one in measured.items()} == {"upstream": 2, "other": 0}
    assert measured["upstream"]["fleeting"] == ["br1/went"]
    assert measured["upstream"]["silenced"] == {"shelve": 1}
    shown = run(folder, "kpi").output
    assert "Console upstream: 2 alarms; 30 days" not in shown
    assert "alarms a day" in shown
    assert "br1/stands" in shown


def test_a_wrong_time_is_told(folder: Path) -> None:
    assert run(folder, "kpi", "--last", "soon").exit_code == 2


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_events_are_read_page_by_page(folder: Path, page: int) -> None:
    history = open_history(Historian(), folder)
    try:
        events = read_events(history, 0, 2**62, ALARM_TYPES, page)
    finally:
        history.close()
    assert len(events) == 4
    assert [event["time_ns"] for event in events] == sorted(event["time_ns"] for event in events)


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_how_things_stand_is_read_back_to_the_latest_cold_start(tmp_path: Path, page: int) -> None:
    started = [("cold", 1), ("cold", 3), ("warm", 5)]
    hot = HotTable(folder_of(tmp_path, "historian") / HOT_FILE, "historian", "")
    for sequence in range(1, 9):
        at_ns = sequence * S
        kind = next((start for start, second in started if second == sequence), None)
        event: Event = alarm(at_ns)
        if kind is not None:
            event = GatewayEvent(
                gateway="gw1",
                unit="_gateway",
                config="c",
                time_ns=at_ns,
                state="started",
                program="p",
                start=kind,
            )
        hot.commit([Arrival(event_topic(), with_header(to_json(event), EPOCH, 0, sequence), at_ns)])
    hot.close()
    history = open_history(Historian(), tmp_path)
    try:
        events = read_standing(history, 100 * S, ALARM_TYPES, page)
        few = read_standing(history, 100 * S, ALARM_TYPES, 1, most=2)
        begins = [recorded_from(history, from_ns, 100 * S) for from_ns in (0, 2 * S)]
    finally:
        history.close()
    seconds = [int(event["time_ns"]) // S for event in events]
    assert seconds == sorted(seconds)
    assert set(range(3, 9)) <= set(seconds)
    assert page == 100 or 1 not in seconds
    assert len(few) == 2
    assert begins == [1 * S, 2 * S]
