"""Commands that take their time keep nobody waiting, in order per target, once only, and on record."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from gateway.commands import lengthy
from gateway.commands.door import Replied
from gateway.commands.message import Reply, make
from gateway.devices.book import RestrictionBook
from gateway.devices.keeper import Act
from tests.unit.commands.door_rig import KEYS, Rig


def call(*arguments: float, user: str = "engineer", **fields: Any) -> dict[str, Any]:
    return make(user, KEYS[user][0], "call", "plc/dose", arguments=list(arguments), **fields)


async def take(rig: Rig, message: dict[str, Any]) -> Replied:
    replied = await rig.door.take(orjson.dumps(message), unit="u", retained=False)
    assert replied is not None
    return replied


@pytest.fixture
async def armed(rig: Rig) -> Rig:
    assert (await rig.send_gateway("supervisor")).accepted
    rig.gate.clear()
    return rig


async def test_a_method_that_takes_its_time_keeps_no_set_point_waiting(armed: Rig) -> None:
    calling = await take(armed, call(1.0))
    assert not calling.done()
    assert (await armed.ask("set_point", "u/t", value=41.0)).accepted
    assert not calling.done()
    armed.gate.set()
    assert (await calling).outputs == [2.0, "done"]
    outcomes = [(entry["action"], entry["outcome"]) for entry in armed.entries()[2:]]
    assert outcomes == [
        ("call", "requested"), ("set_point", "requested"), ("set_point", "done"), ("call", "done"),
    ]  # fmt: skip


async def test_a_write_is_answered_when_the_device_has_said_that_it_took_it(armed: Rig) -> None:
    message = make("engineer", KEYS["engineer"][0], "write", "u/valve", value=40.0)
    writing = await take(armed, message)
    await armed.until(lambda: armed.expected == [("u/valve", 40.0)])
    assert (await armed.ask("set_point", "u/t", value=41.0)).accepted
    assert not writing.done()
    armed.gate.set()
    reply = await writing
    assert (reply.accepted, reply.result, reply.device) == (True, 40.0, "read back")
    entry = armed.entries()[-1]
    assert (entry["action"], entry["new"], entry["outcome"], entry["detail"]) == (
        "write", 40.0, "done", "read back",
    )  # fmt: skip


async def test_what_a_device_does_not_take_is_refused_with_its_own_words(armed: Rig) -> None:
    armed.gate.set()
    reply = await armed.ask("write", "u/valve", user="engineer", value=95.0)
    assert not reply.accepted
    assert reply.reason == "the device has not taken it: wrote 95, read back 90"
    assert armed.entries()[-1]["outcome"] == f"refused: {reply.reason}"


async def test_nobody_waits_for_a_device_where_the_engine_refuses(rig: Rig) -> None:
    reply = await rig.ask("write", "u/valve", user="engineer", value=40.0)
    assert (reply.accepted, "not armed" in reply.reason, rig.dropped) == (False, True, 1)
    reply = await rig.ask("write", "u/valve", user="engineer", value=140.0)
    assert (reply.accepted, "outside the limits" in reply.reason) == (False, True)
    assert rig.expected == [("u/valve", 40.0)]


async def test_calls_of_one_method_keep_their_order(armed: Rig) -> None:
    first, second = await take(armed, call(1.0)), await take(armed, call(2.0))
    await armed.until(lambda: len(armed.calls) == 1)
    await asyncio.sleep(0)
    assert len(armed.calls) == 1
    armed.gate.set()
    assert [(await each).accepted for each in (first, second)] == [True, True]
    assert [arguments for _, _, arguments in armed.calls] == [1.0, 2.0]


async def test_what_expires_while_it_waits_for_the_one_before_is_not_carried_out(armed: Rig) -> None:
    first, second = await take(armed, call(1.0)), await take(armed, call(2.0, valid_s=0.3))
    await armed.until(lambda: len(armed.calls) == 1)
    await asyncio.sleep(0.4)
    armed.gate.set()
    assert (await first).accepted
    reply = await second
    assert (reply.accepted, "expired while it waited" in reply.reason) == (False, True)
    assert len(armed.calls) == 1


async def test_a_redelivery_while_it_runs_gets_the_same_reply_and_acts_once(armed: Rig) -> None:
    message = call(1.0)
    first, again = await take(armed, message), await take(armed, message)
    assert not again.done()
    armed.gate.set()
    assert (await first) == (await again)
    assert len(armed.calls) == 1
    assert (await take(armed, message)).result() == (await first)


async def test_so_many_at_a_time_and_no_more(armed: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lengthy, "LIMIT", 2)
    running = [await take(armed, call(float(n))) for n in range(2)]
    refused = await (await take(armed, call(9.0)))
    assert (refused.accepted, "2 commands are under way" in refused.reason) == (False, True)
    armed.gate.set()
    await asyncio.gather(*running)


async def test_the_door_settles_what_it_took(armed: Rig) -> None:
    running = await take(armed, call(1.0))
    settling = asyncio.create_task(armed.door.settle())
    await asyncio.sleep(0.05)
    assert not settling.done()
    armed.gate.set()
    await settling
    assert running.done()


async def test_no_method_is_called_while_the_gateway_is_not_armed(rig: Rig) -> None:
    reply = await rig.ask("call", "plc/dose", user="engineer", arguments=[1.0])
    assert (reply.accepted, "not armed" in reply.reason) == (False, True)
    assert rig.calls == []


async def test_arming_asks_the_devices_first_and_disarming_outlives_the_process(rig: Rig) -> None:
    assert (await rig.ask_gateway("arm", "gw1", user="supervisor")).accepted
    assert rig.acts == [(Act.CLAIM, None)]
    assert rig.engine.counters()["armed"] == 1
    assert (await rig.ask_gateway("disarm", "gw1", user="operator", reason="a leak")).accepted
    assert rig.engine.counters()["armed"] == 0
    note = RestrictionBook(rig.folder).now.gateway
    assert note is not None
    assert (note.who, note.reason) == ("operator", "a leak")
    old_and_new = [(entry["old"], entry["new"]) for entry in rig.entries()]
    assert old_and_new == 2 * [("disarmed", "armed")] + 2 * [("armed", "disarmed")]
    assert (await rig.ask_gateway("arm", "gw1")).accepted
    assert RestrictionBook(rig.folder).now.gateway is None


async def test_a_device_is_armed_and_disarmed_by_itself(rig: Rig) -> None:
    assert (await rig.ask_gateway("disarm", "d", reason="x")).accepted
    assert rig.engine.devices()["commanded"].tolist() == [-1, 0, 0]
    assert "d" in RestrictionBook(rig.folder).now.disarmed
    assert (await rig.ask_gateway("arm", "d")).accepted
    assert rig.engine.devices()["commanded"].tolist() == [1, 0, 0]
    assert rig.acts == [(Act.DISARM, "d"), (Act.ARM, "d")]
    assert RestrictionBook(rig.folder).now.disarmed == {}


async def test_a_device_that_another_gateway_holds_is_not_armed(rig: Rig) -> None:
    reply = await rig.ask_gateway("arm", "plc")
    assert (reply.accepted, reply.reason) == (False, "plc is held by gateway number 7: its counter moves")
    assert rig.engine.devices()["commanded"].tolist() == [0, 0, 0]


async def test_out_of_service_and_back(rig: Rig) -> None:
    assert (await rig.ask_gateway("disable", "d", reason="a new pump")).accepted
    assert RestrictionBook(rig.folder).now.out_of_service["d"].reason == "a new pump"
    for kind, why in (("disable", "out of service already"), ("arm", "enable it first")):
        reply = await rig.ask_gateway(kind, "d", reason="x")
        assert (reply.accepted, why in reply.reason) == (False, True)
    assert (await rig.ask_gateway("enable", "d")).accepted
    assert not (await rig.ask_gateway("enable", "d")).accepted
    assert rig.acts == [(Act.DISABLE, "d"), (Act.ENABLE, "d")]
    assert rig.entries()[-3]["old"] == "out of service"


@pytest.mark.parametrize(
    ("user", "kind", "target", "fields", "why"),
    [
        ("operator", "arm", "gw1", {}, "may not send 'arm'"),
        ("operator", "disable", "d", {"reason": "x"}, "may not send 'disable'"),
        ("qa", "disarm", "gw1", {}, "may not send 'disarm'"),
        ("engineer", "disable", "d", {}, "needs a reason"),
        ("engineer", "disable", "nowhere", {"reason": "x"}, "there is no device 'nowhere'"),
        (
            "engineer",
            "arm",
            "elsewhere",
            {},
            "is not this gateway ('gw1') nor a device of it (d, plc, quiet)",
        ),
        ("engineer", "arm", "gw1", {"value": 2}, "needs no value"),
    ],
)
async def test_refusals(rig: Rig, user: str, kind: Any, target: str, fields: Any, why: str) -> None:
    reply = await rig.ask_gateway(kind, target, user=user, **fields)
    assert (reply.accepted, why in reply.reason) == (False, True), reply.reason
    assert rig.entries()[-1]["outcome"].startswith("refused")


async def test_a_force_is_noted_with_who_and_why_and_its_end_is_audited(rig: Rig) -> None:
    reply = await rig.ask("force", "u/t.pv", user="engineer", value=12.5, duration="0.3 s", reason="no probe")
    assert (reply.accepted, reply.result) == (True, 12.5)
    note = RestrictionBook(rig.folder).now.overrides["u/t.pv"]
    assert (note.kind, note.value, note.who, note.role, note.reason) == (
        "force", 12.5, "engineer", "engineer", "no probe",
    )  # fmt: skip
    assert note.until_ns - note.since_ns == 300_000_000
    entry = rig.entries()[-1]
    assert (entry["action"], entry["new"], entry["detail"]) == ("force", 12.5, "for 0.3 s")
    await rig.until(lambda: not len(rig.engine.overrides()))


@pytest.mark.parametrize(
    ("user", "target", "fields", "why"),
    [
        ("supervisor", "u/t.pv", {}, "may not send 'force'"),
        ("engineer", "u/t.pv", {"reason": ""}, "needs a reason"),
        ("engineer", "u/t.pv", {"duration": None}, "needs a duration up to 8 h"),
        ("engineer", "u/t.pv", {"duration": "9 h"}, "needs a duration up to 8 h"),
        ("engineer", "u/t.pv", {"duration": "long"}, "long"),
        ("engineer", "u/t.pv", {"value": "much"}, "needs a number"),
        ("engineer", "u/t.sp", {}, "belongs to loop 'u/t': command the loop, or force 'u/t.out'"),
        ("engineer", "u/twice", {}, "is computed: force or simulate what it is computed from ('u/t.pv')"),
        ("engineer", "u/pi", {}, "from no device"),
        ("engineer", "u/none", {}, "there is no tag"),
        ("engineer", "u/t.out", {}, "not armed"),
    ],
)
async def test_a_force_that_is_refused_says_why(
    rig: Rig, user: str, target: str, fields: dict[str, Any], why: str
) -> None:
    given = {"value": 1.0, "duration": "1 min", "reason": "x"} | fields
    reply: Reply = await rig.ask("force", target, user=user, **given)
    assert (reply.accepted, why in reply.reason) == (False, True), reply.reason


async def test_an_output_is_forced_for_a_check_only_while_its_loop_does_not_regulate(rig: Rig) -> None:
    assert (await rig.send_gateway("supervisor")).accepted
    given = {"value": 30.0, "duration": "1 min", "reason": "loop check", "parameter": "manual"}
    await rig.until(lambda: rig.value("u/t.mode") in (1.0, 5.0))
    reply = await rig.ask("force", "u/t.out", user="engineer", **given)
    assert (reply.accepted, "loop u/t is in" in reply.reason) == (False, True), reply.reason
    assert (await rig.ask("mode", "u/t", value="manual")).accepted
    await rig.until(lambda: rig.value("u/t.mode") == 0.0)
    reply = await rig.ask("force", "u/t.out", user="engineer", **given)
    assert (reply.accepted, reply.result) == (True, 30.0)
    again = await rig.ask("force", "u/t.out", user="engineer", **given | {"value": 40.0})
    assert (again.before, again.result) == (30.0, 40.0)
