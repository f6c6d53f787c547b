"""Modes of loops by command: which there are, what is refused and why, what is said of them."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from config.loops import Mode
from config.site import Site
from control import signal as s
from gateway.commands.message import CommandMessage
from gateway.commands.rows import Refused
from gateway.commands.sanity import to_row
from gateway.hmi import texts
from gateway.modes import WORDS, modes_of, word_of
from gateway.stream.events import ModeEvent
from gateway.stream.transitions import TransitionEvents
from tests.unit.control.plant import Tags, site

TAGS: Tags = {
    "pv": {"low": 0, "high": 100},
    "wild": {},
    "a": {"access": "write", "low": 0, "high": 100},
    "b": {"access": "write", "low": 0, "high": 100},
}
PI: dict[str, Any] = {"pv": "u/pv", "kp": 1, "sp": 50}


@pytest.fixture(scope="module")
def of() -> Site:
    loops = {
        "outer": PI | {"output": "u/inner.sp"},
        "inner": PI | {"output": "u/a", "remote": {"tag": "u/wild", "ratio": 2}},
        "divided": PI | {"output": "u/parts.op"},
    }
    parts = {"parts": {"branches": [{"output": "u/b", "start": 0, "stop": 100}]}}
    return site(TAGS, loops=loops, splits=parts)


def command(kind: str, target: str, value: float | str) -> CommandMessage:
    now = time.time_ns()
    fields = {"id": "12345678", "user": "ann", "issued_ns": now, "expires_ns": now + 1}
    return CommandMessage.model_validate(fields | {"kind": kind, "target": target, "value": value})


def test_a_loop_offers_the_modes_that_it_has(of: Site) -> None:
    assert modes_of(of, "u/outer") == [Mode.MANUAL, Mode.AUTO, Mode.OUT_OF_SERVICE]
    assert modes_of(of, "u/inner") == [
        Mode.MANUAL, Mode.AUTO, Mode.CASCADE, Mode.REMOTE, Mode.OUT_OF_SERVICE,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("manual", s.MODE_MANUAL),
        ("auto", s.MODE_AUTO),
        ("cascade", s.MODE_CASCADE),
        ("remote", s.MODE_REMOTE),
        ("out_of_service", s.MODE_OUT_OF_SERVICE),
    ],
)
def test_modes_become_rows_and_events(mode: str, code: int, of: Site) -> None:
    row = to_row(of, command("mode", "u/inner", mode))
    assert (row.kind, row.index, row.value, row.shown_by) == (s.SET_MODE, 1, code, "u/inner.mode")
    rows = np.zeros(1, s.TRANSITION)
    rows["kind"], rows["index"], rows["before"], rows["after"] = s.KIND_MODE, 1, s.MODE_MANUAL, code
    event = TransitionEvents(of, lambda _: None, lambda _: None).event(rows[0])
    assert isinstance(event, ModeEvent)
    assert (event.name, event.before, event.after) == ("u/inner", "manual", mode)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (("mode", "u/outer", "cascade"), "nothing gives 'u/outer' a set-point in mode cascade"),
        (("mode", "u/outer", "remote"), "nothing gives 'u/outer' a set-point in mode remote"),
        (("mode", "u/inner", "tracking"), "'tracking' is not a mode: manual, auto, cascade, remote"),
        (("write", "u/b", 5.0), "split 'u/parts' owns 'u/b'"),
        (("write", "u/a", 5.0), "loop 'u/inner' owns 'u/a'"),
    ],
)
def test_refusals_say_why(asked: tuple[str, str, Any], reason: str, of: Site) -> None:
    with pytest.raises(Refused, match=reason):
        to_row(of, command(*asked))


def test_no_screen_shows_a_number_for_a_mode() -> None:
    assert set(texts.MODES) == set(WORDS.values())
    assert [word_of(float(code)) for code in range(6)] == [WORDS[code] for code in range(6)]
    assert word_of(None) is None
    assert word_of(0.5) is None
