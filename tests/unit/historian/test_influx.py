"""What answers mean, and what lines are made of messages and events."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from config.streams import InfluxStore as InfluxConfig
from gateway.historian.drain import Drain
from gateway.historian.hot import HotTable
from gateway.historian.hot_queue import HotQueue
from gateway.historian.influx import InfluxStore
from gateway.historian.influx_answers import Answer, Verdict, judge
from gateway.historian.influx_lines import body, event_line, split
from tests.messages import START_NS, Sample, alarm, arrival, ramp, stored, stored_event

LINES = [b"a v=1 1", b"b v=x 1", b"c v=3 1"]


@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500, 502, 503, 504, 0, 302, 418])
def test_what_is_not_about_the_lines_keeps_them(status: int) -> None:
    judgement = judge(Answer(status, '{"message": "later"}'), LINES)
    assert judgement.verdict is Verdict.KEEP
    assert judgement.reason


def test_a_partial_write_of_version_1_names_what_it_refused() -> None:
    text = "partial write: unable to parse 'b v=x 1': invalid number dropped=0"
    judgement = judge(Answer(400, f'{{"error":"{text}"}}'), LINES)
    assert judgement.verdict is Verdict.REJECTED
    assert judgement.bad == {1: "invalid number dropped=0"}
    assert judgement.settled


def test_a_refusal_of_version_2_names_the_first_and_stores_none() -> None:
    text = "unable to parse 'b v=x 1': invalid number"
    judgement = judge(Answer(400, f'{{"code":"invalid","message":"{text}"}}'), LINES)
    assert judgement.bad == {1: "invalid number"}
    assert not judgement.settled, "the others are to be written again"


def test_a_partial_write_of_version_3_names_lines_as_data() -> None:
    text = """{"error": "partial write of line protocol occurred",
        "data": [{"original_line": "b v=x 1", "line_number": 2, "error_message": "bad"}]}"""
    judgement = judge(Answer(400, text), LINES)
    assert judgement.bad == {1: "bad"}
    assert judgement.settled


def test_a_type_conflict_names_no_line() -> None:
    text = "partial write: field type conflict: input field v is type string dropped=1"
    judgement = judge(Answer(422, f'{{"error":"{text}"}}'), LINES)
    assert judgement.verdict is Verdict.REJECTED
    assert judgement.bad == {}
    assert not judgement.settled


def test_named_lines_and_dropped_ones_are_not_taken_for_all() -> None:
    text = "partial write: unable to parse 'b v=x 1': invalid number dropped=1"
    assert not judge(Answer(400, f'{{"error":"{text}"}}'), LINES).settled


def test_other_answers() -> None:
    assert judge(Answer(204, ""), LINES).verdict is Verdict.TAKEN
    assert judge(Answer(413, ""), LINES).verdict is Verdict.TOO_LARGE
    assert "api: v1" in judge(Answer(404, "404 page not found"), LINES).reason
    assert "bucket" in judge(Answer(404, '{"message":"bucket \\"x\\" not found"}'), LINES).reason


def test_the_body_is_the_messages_own_lines() -> None:
    message = stored(1, ramp(1))
    lines = bytes(body(message))
    assert message.data.endswith(lines)
    assert lines.startswith(b"cellgate,name=br1/t0.pv value=1.0,quality=0i ")
    assert lines.count(b"\n") == 3


def test_lines_are_split_outside_of_strings_only() -> None:
    message = stored(
        1, [Sample("br1/a", 'two\nlines, "quoted" and \\', START_NS), Sample("br1/b", 1.0, START_NS)]
    )
    lines = split([(message, body(message))])
    assert b"\n".join(line.data for line in lines) + b"\n" == body(message)
    assert len(lines) == 2


def test_an_events_line_can_be_split_and_keeps_its_json() -> None:
    message = stored_event(6, alarm(START_NS, "br1/high, very"))
    event = alarm(START_NS, "br1/high, very", "x").model_dump(mode="json")
    line = event_line(message, event)
    assert line.startswith(
        b"cellgate_event,type=alarm,unit=br1,gateway=gw1,subject=br1/high\\,\\ very,slot=2 "
    )
    assert line.endswith(b" %d\n" % START_NS)
    assert [part.data + b"\n" for part in split([(message, line)])] == [line]


def test_a_row_that_changed_on_the_disk_goes_to_quarantine_not_to_the_database(tmp_path: Path) -> None:
    path = tmp_path / "hot.sqlite"
    hot = HotTable(path, "historian", "")
    assert hot.commit([arrival(1, ramp(1, 200))]).points == 200
    store = InfluxStore(InfluxConfig(type="influxdb", url="http://127.0.0.1:9"))  # nobody is there
    drain = Drain(HotQueue(path, store.name), store)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        (kept,) = database.execute("SELECT data FROM message").fetchone()
        changed = kept[:-1] + bytes([kept[-1] ^ 1])
        database.execute("UPDATE message SET data = ?", (changed,))
        drain.step(START_NS, 0.0, flush=True)
        rows = database.execute("SELECT gateway, sequence, reason, data FROM quarantine").fetchall()
    assert rows == [("gw1", 1, "no header: its row in the hot table has changed on the disk", changed)]
    assert (drain.state.trouble, drain.state.rejected, hot.depth()) == ("", 1, 0)
    drain.close()
    hot.close()
