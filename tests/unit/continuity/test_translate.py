"""Rows keep their meaning when tags, devices and the rest are counted anew."""

from __future__ import annotations

import itertools
from collections import deque
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.site import Site
from control import signal as s
from control.actuation_signal import RETRACT
from control.signal import Columns, Text
from gateway.acquire import Acquisition
from gateway.continuity.translate import GONE, Translation, places
from gateway.numbering import Numbering
from gateway.texts import TextImage

NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True)


@settings(max_examples=60)
@given(lists=st.lists(NAMES, min_size=2, max_size=5))
def test_numbers_lead_to_the_same_names_through_any_changes(lists: list[list[str]]) -> None:
    """As long as a tag is in every configuration, its session's number leads to it, and back."""
    numbering = Numbering()
    for before, after in itertools.pairwise(lists):
        numbering.renumber(places(before, after))
    always = set(lists[0]).intersection(*lists[1:])
    for session, name in enumerate(lists[0]):
        if name in always:
            assert lists[-1][numbering.tag(session)] == name
            assert numbering.session(numbering.tag(session)) == session


def test_columns_and_texts_are_counted_anew() -> None:
    numbering = Numbering()
    columns = Columns.filled(np.array([0, 1], np.int32), quality=0, source_ns=5, texts=(Text(1, "x", 5, 0),))
    assert numbering.columns(columns) is columns
    numbering.renumber(np.array([4, 2], np.int32))
    found = numbering.columns(columns)
    assert found.tag.tolist() == [4, 2]
    assert found.texts[0].tag == 2


def site(tags: dict[str, dict[str, Any]], devices: list[str], **fields: Any) -> Site:
    equipment: dict[str, Any] = {
        "loops": {"l": {"pv": "u/pv", "output": "u/out", "kp": 1, "sp": 5}},
        "alarms": {"a": {"tag": "u/pv", "type": "high", "limit": 8}},
    }
    return Site.model_validate(
        {
            "site": {"name": "s"},
            "gateway": {"name": "g"},
            "devices": {
                d: {"driver": "modbus", "host": "127.0.0.1", "writes_armed": True} | fields.get(d, {})
                for d in devices
            },
            "units": {"u": {"area": "a", "cell": "c", "tags": tags} | equipment},
        }
    )


def tag(device: str, number: int, **fields: Any) -> dict[str, Any]:
    return {"device": device, "address": {"address": number}} | fields


BEFORE = {
    "pv": tag("d", 0),
    "out": tag("d", 1, access="read_write", low=0, high=10),
    "other": tag("e", 0),
    "gone": tag("e", 1),
}
AFTER = {"new": tag("e", 7), "other": tag("e", 0), "out": BEFORE["out"], "pv": BEFORE["pv"]}


@pytest.fixture
def translation() -> Translation:
    return Translation(site(BEFORE, ["d", "e"]), site(AFTER, ["x", "e", "d"]))


def test_samples(translation: Translation) -> None:
    rows = np.zeros(5, s.SAMPLE)
    rows["tag"] = [0, 3, 2, s.alive_tag(0), s.alive_tag(1)]
    found = translation.samples(rows)["tag"].tolist()
    assert found[0] == list(AFTER).index("pv")
    assert found[1] > 1_000_000, "it is counted as unknown"
    assert found[2:] == [list(AFTER).index("other"), s.alive_tag(2), s.alive_tag(1)]


def test_outputs_and_commands(translation: Translation) -> None:
    outputs = np.zeros(2, s.OUTPUT)
    outputs["tag"] = [1, 3]
    assert translation.outputs(outputs)["tag"].tolist() == [2]
    commands = np.zeros(5, s.COMMAND)
    commands["kind"] = [s.SET_POINT, s.WRITE_TAG, s.ACKNOWLEDGE, s.ARM, RETRACT]
    commands["index"] = [0, 3, 0, 0, 1]
    assert translation.commands(commands)["index"].tolist() == [0, GONE, 0, 0, 2]


class Inbox:
    def __init__(self) -> None:
        self.rows: deque[Any] = deque()

    def push(self, rows: Any) -> int:
        self.rows.append(rows)
        return len(rows)


def test_untouched_devices_keep_their_sessions() -> None:
    before = site(BEFORE, ["d", "e"])
    inbox, later = Inbox(), Inbox()
    acquisition = Acquisition(before, inbox, TextImage(before), lambda _: None, lambda *_: None)
    kept, changed = acquisition.sessions["d"], acquisition.sessions["e"]
    after = site(AFTER, ["x", "e", "d"], d={"display_name": "a text for people"})
    renewed = acquisition.renewed(after)
    assert set(renewed) == {"e", "x"}
    over = acquisition.change(after, later, TextImage(after), renewed, places(before.tags, after.tags))
    assert over == ["e"]
    assert acquisition.sessions["d"] is kept
    assert acquisition.sessions["e"] is not changed
    kept._deliver(Columns.filled(np.array([0], np.int32), quality=0, source_ns=1, value=3.0))
    changed._deliver(Columns.filled(np.array([2], np.int32), quality=0, source_ns=1, value=3.0))
    (rows,) = later.rows
    assert rows["tag"].tolist() == [after.tag_index["u/pv"]]
    assert not inbox.rows
    assert acquisition.numbering["d"].session(after.tag_index["u/out"]) == 1


def test_a_report_interval_is_no_reason_to_renew_a_session_and_a_scaling_is() -> None:
    before = site(BEFORE, ["d", "e"])
    acquisition = Acquisition(before, Inbox(), TextImage(before), lambda _: None, lambda *_: None)
    quiet = {name: {**fields, "report": {"heartbeat": "5 s"}} for name, fields in BEFORE.items()}
    assert acquisition.renewed(site(quiet, ["d", "e"])) == {}
    scaled = BEFORE | {"other": {**BEFORE["other"], "scaling": {"raw_high": 10, "high": 1}}}
    assert set(acquisition.renewed(site(scaled, ["d", "e"]))) == {"e"}


def test_texts_are_known_on() -> None:
    texts = {"batch": tag("d", 3, kind="text"), "pv": BEFORE["pv"], "out": BEFORE["out"]}
    before = site(texts, ["d"])
    after = site({"new": tag("d", 9)} | texts, ["d"])
    old, new = TextImage(before), TextImage(after)
    old.take(Text(0, "B-17", 5, s.GOOD))
    new.go_on_from(old, places(before.tags, after.tags))
    latest = new.latest(after.tag_index["u/batch"])
    assert latest is not None
    assert latest.value == "B-17"
    new.take(Text(after.tag_index["u/batch"], "B-17", 5, s.GOOD))
    assert new.drain() == [], "it was reported already"
