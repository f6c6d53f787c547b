"""The command door with a real engine, a real audit trail and real keys behind it."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

import numpy as np
import pytest

from control import signal
from control.alarm_states import ACTIVE
from control.logic_tables import phase_code
from control.tables import build
from gateway.batch.context import NO_CONTEXT, Context
from gateway.batch.phases import restore_phases
from gateway.commands.message import Reply, make
from gateway.gxp import identity
from gateway.gxp.audit import verify
from tests.unit.commands.door_rig import KEYS, Rig


async def test_a_set_point_reaches_the_engine_and_the_record_has_both_values(rig: Rig) -> None:
    reply = await rig.ask("set_point", "u/t", value=40.0, reason="shift")
    assert (reply.accepted, reply.result) == (True, 40.0)
    await rig.until(lambda: rig.value("u/t.sp") == 40.0)
    requested, done = rig.entries()
    assert (requested["outcome"], done["outcome"]) == ("requested", "done")
    assert (done["who"], done["role"], done["old"], done["new"], done["reason"]) == (
        "operator", "operator", 37.0, 40.0, "shift",
    )  # fmt: skip
    assert rig.heard == [("set_point", "u", True)]


@pytest.mark.parametrize(
    ("user", "kind", "target", "fields", "why"),
    [
        ("operator", "set_point", "u/t", {"value": 90.0}, "outside the limits 0 to 60"),
        ("operator", "set_point", "u/t", {"value": "hot"}, "needs a number"),
        ("operator", "set_point", "u/nothing", {"value": 1.0}, "there is no loop"),
        ("operator", "set_point", "v/t", {"value": 1.0}, "there is no unit 'v'"),
        ("operator", "mode", "u/t", {"value": "turbo"}, "is not a mode"),
        ("operator", "output", "u/t", {"value": 10.0}, "put it in manual first"),
        ("operator", "acknowledge", "u/t.high", {}, "needs the occurrence"),
        (
            "operator",
            "acknowledge",
            "u/t.high",
            {"occurrence": 1},
            "occurrence is another one|nothing to",
        ),
        ("operator", "bypass", "u/hot", {"value": 1.0}, "role operator may not send 'bypass'"),
        ("supervisor", "bypass", "u/hot", {"value": "5 min"}, "bypass needs a reason"),
        ("supervisor", "bypass", "u/hot", {"value": "11 min", "reason": "r"}, "a time up to 10 min"),
        ("supervisor", "bypass", "u/hot", {"value": "11 bar", "reason": "r"}, "cannot be converted"),
        ("supervisor", "bypass", "u/hot", {"reason": "r"}, "a time up to 10 min"),
        ("supervisor", "bypass", "u/cold", {"value": 1.0, "reason": "r"}, "cannot be bypassed"),
        ("supervisor", "bypass", "u/lost", {"value": 1.0, "reason": "r"}, "there is no interlock"),
        ("operator", "tune", "u/t", {"parameter": "kp", "value": 2.0}, "role operator may not send 'tune'"),
        ("engineer", "tune", "u/t", {"value": 2.0}, "tune needs a parameter, not '': kp, ti, td"),
        ("engineer", "tune", "u/t", {"parameter": "kp"}, "tune needs a value"),
        ("engineer", "tune", "u/t", {"parameter": "kp", "value": -1.0}, "outside the limits"),
        ("engineer", "tune", "u/t", {"parameter": "ti", "value": "3 bar"}, "cannot be converted"),
        ("engineer", "tune", "u/t", {"parameter": "b", "value": "1 s"}, "it is a plain number"),
        ("engineer", "tune", "u/t", {"parameter": "sp_high", "value": 80.0}, "configured, 0 to 60"),
        ("engineer", "tune", "u/t", {"parameter": "feed_forward.gain", "value": 1.0}, "outside the limits"),
        ("operator", "profile", "u/t", {"value": "start"}, "there is no profile"),
        ("operator", "profile", "u/warm", {"value": "turn"}, "start, hold, resume, abort"),
        ("operator", "profile", "u/warm", {"value": "hold"}, "hold what runs"),
        ("operator", "write", "u/t.out", {"value": 1.0}, "role operator may not send 'write'"),
        ("qa", "set_point", "u/t", {"value": 40.0}, "role qa may not send"),
        ("stranger", "set_point", "u/t", {"value": 40.0}, "there is no user"),
    ],
)
async def test_what_is_not_allowed_or_not_sane_is_refused_with_the_reason_and_audited(
    rig: Rig, user: str, kind: str, target: str, fields: dict[str, Any], why: str
) -> None:
    reply = await rig.ask(kind, target, user=user, **fields)
    assert not reply.accepted
    with pytest.raises(AssertionError, match=why):
        raise AssertionError(reply.reason)
    assert rig.entries()[-1]["outcome"] == f"refused: {reply.reason}"
    assert rig.value("u/t.sp") == 37.0
    assert verify(rig.folder / "audit.sqlite").whole


async def test_a_profile_that_runs_keeps_others_from_its_set_point(rig: Rig) -> None:
    started = await rig.ask("profile", "u/warm", value="start")
    assert started.accepted, started.reason
    refused = await rig.ask("set_point", "u/t", value=40.0)
    assert "a set-point profile moves this set-point" in refused.reason
    assert (await rig.ask("profile", "u/warm", value="abort")).accepted
    assert (await rig.ask("set_point", "u/t", value=40.0)).accepted


async def test_every_parameter_is_tuned_and_the_record_has_both_values(rig: Rig) -> None:
    values = {"kp": 2.0, "ti": "2 min", "gap": "0.5 K", "out_rate": "60 %/min", "sp_high": "50 degC"}
    expected = {"kp": 2.0, "ti": 120.0, "gap": 0.5, "out_rate": 1.0, "sp_high": 50.0}
    for parameter, value in values.items():
        old = rig.value(f"u/t.{parameter}")
        reply = await rig.ask("tune", "u/t", user="engineer", parameter=parameter, value=value)
        assert reply.accepted, reply.reason
        assert reply.result == pytest.approx(expected[parameter])
        assert rig.value(f"u/t.{parameter}") == pytest.approx(expected[parameter])
        entry = rig.entries()[-1]
        assert (entry["action"], entry["detail"], entry["outcome"]) == ("tune", parameter, "done")
        assert entry["new"] == pytest.approx(expected[parameter])
        assert entry["old"] == (pytest.approx(old) if math.isfinite(old) else None)


async def test_parameters_that_are_tuned_together_are_one_act_on_record(rig: Rig) -> None:
    settings = {"kp": 2.0, "ti": "2 min", "td": 0.0, "b": 0.5}
    reply = await rig.ask("tune", "u/t", user="engineer", parameters=settings, reason="simc-pi")
    assert reply.accepted, reply.reason
    assert [rig.value(f"u/t.{name}") for name in settings] == [2.0, 120.0, 0.0, 0.5]
    requested, done = rig.entries()[-2:]
    assert (requested["outcome"], done["outcome"]) == ("requested", "done")
    assert done["detail"] == "kp ti td b"
    assert done["new"] == "kp 2, ti 120, td 0, b 0.5"
    assert done["old"].startswith("kp ")
    assert done["reason"] == "simc-pi"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"kp": 2.0, "ti": -1.0}, "kp 2, ti -1: outside the limits"),
        ({"kp": 2.0, "out_high": 50.0}, "out_high must be tuned alone; together go kp, ti"),
        ({"kp": 2.0, "speed": 1.0}, "tune needs a parameter, not 'speed'"),
    ],
)
async def test_of_parameters_that_are_tuned_together_one_that_does_not_fit_refuses_all(
    rig: Rig, settings: dict[str, float], why: str
) -> None:
    before = rig.value("u/t.kp")
    reply = await rig.ask("tune", "u/t", user="engineer", parameters=settings)
    assert not reply.accepted
    assert why in reply.reason
    assert rig.value("u/t.kp") == before
    refused = await rig.ask("set_point", "u/t", value=40.0, parameters={"kp": 1.0})
    assert refused.reason == "set_point takes no parameters"


async def test_a_redelivery_acts_once_and_gets_the_first_reply_also_after_a_restart(rig: Rig) -> None:
    message = make("operator", KEYS["operator"][0], "set_point", "u/t", value=40.0)
    first = await rig.send(message)
    await rig.ask("set_point", "u/t", value=42.0)
    assert await rig.send(message) == first
    rig.close()
    rig.open()
    assert await rig.send(message) == first
    await rig.until(lambda: rig.value("u/t.sp") == 42.0)


async def test_a_command_that_a_restart_interrupted_does_not_act_again(rig: Rig) -> None:
    message = make("operator", KEYS["operator"][0], "set_point", "u/t", value=40.0)
    entry = rig.audit.append
    await asyncio.get_running_loop().run_in_executor(
        rig.disk, lambda: entry(_requested(), command_id=message["id"])
    )
    reply = await rig.send(message)
    assert reply is not None
    assert not reply.accepted
    assert "the outcome is unknown" in reply.reason
    assert rig.value("u/t.sp") == 37.0


def _requested() -> Any:
    from gateway.gxp.audit import AuditEntry

    return AuditEntry("operator", "operator", "set_point", "u/t", "requested", new=40.0)


async def test_retained_expired_old_future_and_altered_commands_are_refused(rig: Rig) -> None:
    key = KEYS["operator"][0]
    fresh = make("operator", key, "set_point", "u/t", value=40.0)
    now = time.time_ns()

    def aged(issued_s: float, valid_s: float) -> dict[str, Any]:
        changed = {**fresh, "id": f"id-{issued_s}-{valid_s}", "issued_ns": now + int(issued_s * 1e9)}
        changed["expires_ns"] = changed["issued_ns"] + int(valid_s * 1e9)
        return identity.sign(changed, key)

    attempts = {
        "a retained message is not a command": rig.send(fresh, retained=True),
        "has expired": rig.send(aged(-20, 5)),
        "the command has expired": rig.send(aged(-3600, 7200)),
        "issued in the future": rig.send(aged(60, 60)),
        "the signature is not of this command": rig.send({**fresh, "value": 41.0}),
        "is not signed": rig.send({**fresh, "signature": ""}),
    }
    for why, attempt in attempts.items():
        reply = await attempt
        assert reply is not None
        assert not reply.accepted
        assert why in reply.reason
    assert rig.value("u/t.sp") == 37.0
    genuine = await rig.send(fresh)
    assert genuine is not None
    assert genuine.accepted, "a forgery must not shut out the rightful sender of the same id"


async def test_a_command_that_came_by_another_units_topic_is_refused(rig: Rig) -> None:
    message = make("operator", KEYS["operator"][0], "set_point", "u/t", value=40.0)
    reply = await rig.send(message, unit="other")
    assert reply is not None
    assert "came by the topic of 'other'" in reply.reason


async def test_what_cannot_be_read_is_audited(rig: Rig) -> None:
    assert await rig.door.handle(b"{", unit="u", retained=False) is None
    assert await rig.door.handle(b'{"id": "x"}', unit="u", retained=False) is None
    assert [e["outcome"].split(":")[0] for e in rig.entries()] == ["refused", "refused"]


async def test_an_alarm_is_acknowledged_by_the_occurrence_that_was_seen(rig: Rig) -> None:
    rig.sample(55.0)
    await rig.until(lambda: len(rig.alarms) == 1)
    occurrence = int(rig.alarms[0]["occurrence"])
    stale = await rig.ask("acknowledge", "u/t.high", occurrence=occurrence - 1)
    assert "look again" in stale.reason
    reply = await rig.ask("acknowledge", "u/t.high", occurrence=occurrence)
    assert reply.accepted
    await rig.until(lambda: len(rig.alarms) == 2)
    assert int(rig.alarms[1]["after"]) == ACTIVE


async def test_modes_change_and_arming_needs_a_supervisor(rig: Rig) -> None:
    assert not (await rig.send_gateway("operator")).accepted
    assert (await rig.send_gateway("supervisor")).accepted
    reply = await rig.ask("mode", "u/t", value="manual")
    assert reply.accepted
    await rig.until(lambda: rig.value("u/t.mode") == signal.MODE_MANUAL)
    assert (await rig.ask("output", "u/t", value=25.0)).accepted
    await rig.until(lambda: rig.value("u/t.op") == 25.0)


async def test_a_configuration_is_applied_by_an_engineer_and_refused_with_its_reason(rig: Rig) -> None:
    async def apply(user: str, fingerprint: str) -> Reply:
        message = make(user, KEYS[user][0], "apply", "gw1", value=fingerprint, reason="tuned")
        reply = await rig.send(message, unit="gw1")
        assert reply is not None
        return reply

    assert "may not" in (await apply("operator", "good")).reason
    assert (await apply("engineer", "bad")).reason == "it is wrong"
    assert (await apply("engineer", "good")).accepted
    done = rig.entries()[-1]
    assert (done["action"], done["outcome"], done["new"], done["reason"]) == (
        "apply",
        "done",
        "good",
        "tuned",
    )
    assert (done["old"], done["detail"]) == (rig.site.fingerprint, "1 change(s)")


async def test_a_bypass_is_audited_with_its_reason_and_answered_with_its_time(rig: Rig) -> None:
    reply = await rig.ask("bypass", "u/hot", user="supervisor", value="5 min", reason="probe is exchanged")
    assert (reply.accepted, reply.result) == (True, 300.0)
    done = rig.entries()[-1]
    assert (done["action"], done["outcome"], done["new"], done["reason"]) == (
        "bypass", "done", "5 min", "probe is exchanged",
    )  # fmt: skip
    reply = await rig.ask("bypass", "u/hot", user="supervisor", value=0.0, reason="done")
    assert (reply.accepted, reply.result) == (True, 0.0)


async def test_permissives_that_do_not_hold_are_spelled_out(rig: Rig) -> None:
    why = "not permitted: u/warm needs pv (u/t.pv > 20)"
    assert (await rig.ask("mode", "u/t", value="manual")).accepted
    assert (rig.entries()[-1]["old"], rig.entries()[-1]["new"]) == ("tracking", "manual"), "modes in words"
    reply = await rig.ask("mode", "u/t", value="auto")
    assert (reply.accepted, reply.reason) == (False, why)
    assert rig.entries()[-1]["outcome"] == f"refused: {why}"
    names = {"campaign": "c1", "batch": "b7", "phase": "growth"}
    reply = await rig.ask("context", "u", user="supervisor", context=names)
    assert (reply.accepted, reply.reason) == (False, why)
    assert rig.contexts.resolve("u", np.array([time.time_ns()], np.int64))[0] == NO_CONTEXT
    rig.sample(30.0)
    await rig.until(lambda: rig.value("u/t.pv") == 30.0)
    assert (await rig.ask("mode", "u/t", value="auto")).accepted
    assert (await rig.ask("context", "u", user="supervisor", context=names)).accepted


async def test_phases_are_restored_from_the_contexts(rig: Rig) -> None:
    rig.contexts.enter("u", 5, Context("c1", "b1", "growth"))
    state = build(rig.site).state
    restore_phases(rig.site, state, rig.contexts, 4)
    assert state.logic.units[0]["phase"] == 0
    restore_phases(rig.site, state, rig.contexts, 6)
    assert state.logic.units[0]["phase"] == phase_code("growth")


async def test_a_context_is_entered_for_a_unit(rig: Rig) -> None:
    rig.sample(30.0)
    await rig.until(lambda: rig.value("u/t.pv") == 30.0)
    names = {"campaign": "c1", "batch": "b7", "phase": "growth"}
    reply = await rig.ask("context", "u", user="supervisor", context=names)
    assert reply.accepted
    number = int(rig.contexts.resolve("u", np.array([time.time_ns()], np.int64))[0])
    assert rig.contexts.describe(number).batch == "b7"


async def test_a_method_is_called_by_who_may_and_what_it_answers_comes_back(rig: Rig) -> None:
    await rig.send_gateway("supervisor")
    reply = await rig.ask("call", "plc/dose", user="engineer", arguments=[2.5, "a"], reason="test")
    assert (reply.accepted, reply.outputs) == (True, [5.0, "done"])
    assert rig.calls == [("plc", "dose", 2.5, "a")]
    requested, done = rig.entries()[-2:]
    assert (requested["target"], requested["new"], done["outcome"]) == ("plc/dose", "2.5 a", "done")


@pytest.mark.parametrize(
    ("target", "user", "why"),
    [
        ("plc/dose", "operator", "may not send 'call'"),
        ("plc/drain", "engineer", "there is no method 'plc/drain' (of this device there are: plc/dose)"),
        ("nowhere/dose", "engineer", "there is no method 'nowhere/dose'"),
        ("plc/dose", "engineer", "the device refused: BadOutOfRange"),
    ],
)
async def test_a_method_that_is_not_called_says_why(rig: Rig, target: str, user: str, why: str) -> None:
    await rig.send_gateway("supervisor")
    reply = await rig.ask("call", target, user=user, arguments=[-1.0])
    assert not reply.accepted
    assert why in reply.reason
    assert rig.entries()[-1]["outcome"].startswith("refused")


SEEN = ["nsu=urn:plc;s=Tank.High", "00112233"]


@pytest.mark.parametrize("answer", ["acknowledge", "confirm", "comment"])
async def test_a_condition_of_a_device_is_answered_by_an_operator(rig: Rig, answer: str) -> None:
    reply = await rig.ask("condition", "plc", value=answer, arguments=SEEN, reason="valve was open")
    assert reply.accepted, reply.reason
    assert rig.calls == [("plc", f"${answer}", *SEEN, "valve was open")]
    requested, done = rig.entries()
    assert (requested["target"], requested["new"]) == ("plc", f"{answer} {' '.join(SEEN)}")
    assert (done["outcome"], done["reason"]) == ("done", "valve was open")


@pytest.mark.parametrize(
    ("target", "answer", "seen", "reason", "why"),
    [
        ("plc", "shelve", SEEN, "x", "'shelve' is no answer to a condition: acknowledge, confirm, comment"),
        ("plc", "acknowledge", SEEN[:1], "x", "the id of the change that was seen"),
        ("plc", "comment", SEEN, "", "a comment needs its words"),
        ("quiet", "acknowledge", SEEN, "x", "devices.quiet.events.unit is not set"),
        ("nowhere", "acknowledge", SEEN, "x", "there is no device 'nowhere' whose conditions are followed"),
    ],
)
async def test_an_answer_to_a_condition_that_makes_no_sense_says_why(
    rig: Rig, target: str, answer: str, seen: list[str], reason: str, why: str
) -> None:
    reply = await rig.ask("condition", target, value=answer, arguments=seen, reason=reason)
    assert (reply.accepted, why in reply.reason) == (False, True), reply.reason
    assert rig.calls == []
