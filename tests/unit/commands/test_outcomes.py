"""What a command line says of a command: what holds now, or why it was refused, in words that lead on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from control import signal as s
from gateway.cli.deliver import outcome_text
from gateway.commands.message import CommandMessage, Kind, Reply
from gateway.commands.refusals import REFUSALS, why_refused
from tests.unit.control.plant import site


@pytest.mark.parametrize(
    ("kind", "result", "parameter", "told"),
    [
        ("mode", float(s.MODE_MANUAL), "", "manual"),
        ("mode", float(s.MODE_AUTO), "", "auto"),
        ("set_point", 37.5, "", "37.5"),
        ("shelve", 1200.0, "", "shelved for 20 min"),
        ("bypass", 30.0, "", "bypassed for 30 s"),
        ("bypass", 0.0, "", "not bypassed any more"),
        ("profile", 36.2, "", "set-point at 36.2"),
        ("autotune", 10.0, "", "step 10"),
        ("tune", 2.5, "kp", "kp 2.5"),
        ("acknowledge", None, "", ""),
    ],
)
def test_what_was_done_is_told_as_people_say_it(
    kind: Kind, result: float | None, parameter: str, told: str
) -> None:
    reply = Reply(id="12345678", accepted=True, result=result, time_ns=1)
    assert outcome_text(kind, reply, parameter) == told


def test_what_a_method_answered_is_told() -> None:
    reply = Reply(id="12345678", accepted=True, outputs=[True, 3, "dosed"], time_ns=1)
    assert outcome_text("call", reply) == "True, 3, dosed"


@pytest.mark.parametrize(
    ("kind", "cause", "why"),
    [
        ("set_point", s.REFUSED_MODE, "put it in auto first"),
        ("output", s.REFUSED_MODE, "put it in manual first"),
        ("mode", s.REFUSED_MODE, "the loop's PV is bad"),
        ("profile", s.REFUSED_MODE, "of a loop in auto"),
        ("profile", s.REFUSED_TESTED, "a relay test runs on this loop"),
        ("profile", s.REFUSED_STATE, "resume what is held"),
        ("autotune", s.REFUSED_MODE, "in auto that writes its output"),
        ("autotune", s.REFUSED_PROFILE, "a set-point profile moves this set-point"),
        ("autotune", s.REFUSED_STATE, "runs already, or there is none to stop"),
        ("autotune", s.REFUSED_RANGE, "take a smaller one"),
        ("bypass", s.REFUSED_STATE, "the interlock is not bypassed"),
        ("acknowledge", s.REFUSED_STATE, REFUSALS[s.REFUSED_STATE]),
    ],
)
def test_a_refusal_says_what_to_do(kind: str, cause: int, why: str) -> None:
    fields: dict[str, Any] = {"id": "12345678", "user": "ann", "issued_ns": 0, "expires_ns": 1}
    command = CommandMessage.model_validate(fields | {"kind": kind, "target": "u/l"})
    answer = np.zeros(1, s.TRANSITION)[0]
    answer["cause"] = cause
    assert why in why_refused(site({"pv": {}}), command, answer)
