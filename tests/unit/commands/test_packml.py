"""PackML commands go out once, where the state takes them, and are on record with what followed."""

from __future__ import annotations

import pytest

from gateway.commands import packml
from tests.unit.commands.door_rig import Rig

IDLE, EXECUTE, STARTING = 4.0, 6.0, 3.0
PRODUCTION, MAINTENANCE = 1.0, 2.0


@pytest.fixture
async def armed(rig: Rig) -> Rig:
    assert (await rig.send_gateway("supervisor")).accepted
    return rig


async def stands_in(rig: Rig, state: float) -> None:
    rig.sample(state, "u/state")
    await rig.until(lambda: rig.value("u/state") == state)


async def is_in_mode(rig: Rig, mode: float) -> None:
    rig.sample(mode, "u/mode")
    await rig.until(lambda: rig.value("u/mode") == mode)


async def test_an_operator_starts_a_machine_and_is_told_where_it_went(armed: Rig) -> None:
    await stands_in(armed, IDLE)
    armed.follows = STARTING
    reply = await armed.ask("packml", "u", value="start", reason="line clearance done")
    assert (reply.accepted, reply.outputs) == (True, ["STARTING"])
    assert armed.calls == [("d", "u/command", 2.0, "u/request", 1.0)]
    told = [
        (e["old"], e["new"], e["detail"], e["outcome"]) for e in armed.entries() if e["action"] == "packml"
    ]
    assert told == [("IDLE", "start", "", "requested"), ("IDLE", "start", "STARTING", "done")]


async def test_an_operator_changes_the_mode_and_is_told(armed: Rig) -> None:
    await stands_in(armed, IDLE)
    await is_in_mode(armed, PRODUCTION)
    armed.follows = MAINTENANCE
    reply = await armed.ask("packml", "u", parameter="mode", value="maintenance", reason="knives are changed")
    assert (reply.accepted, reply.outputs) == (True, ["maintenance"])
    assert armed.calls == [("d", "u/mode_command", MAINTENANCE, "u/mode_request", 1.0)]
    told = [(e["old"], e["new"], e["detail"]) for e in armed.entries() if e["action"] == "packml"]
    assert told == [
        ("production", "mode maintenance", ""),
        ("production", "mode maintenance", "maintenance"),
    ]


@pytest.mark.parametrize(
    ("state", "fields", "why"),
    [
        (EXECUTE, {"parameter": "mode", "value": "manual"}, "in EXECUTE it takes no mode, not manual"),
        (IDLE, {"parameter": "mode", "value": "production"}, "takes maintenance, manual, not production"),
        (IDLE, {"parameter": "mode", "value": "start"}, "'start' is no PackML mode: production, maintenance"),
        (IDLE, {"parameter": "speed", "value": "start"}, "'packml' has no parameter 'speed'"),
    ],
)
async def test_a_mode_that_is_not_taken_is_not_written(
    armed: Rig, state: float, fields: dict[str, str], why: str
) -> None:
    await stands_in(armed, state)
    await is_in_mode(armed, PRODUCTION)
    reply = await armed.ask("packml", "u", **fields)
    assert (reply.accepted, armed.calls) == (False, [])
    assert why in reply.reason


async def test_what_the_state_does_not_take_is_not_written(armed: Rig) -> None:
    await stands_in(armed, EXECUTE)
    reply = await armed.ask("packml", "u", value="start")
    assert not reply.accepted
    assert reply.reason == "in EXECUTE it takes hold, suspend, complete, stop, abort, not start"
    assert armed.calls == []


async def test_a_machine_whose_state_nobody_knows_takes_nothing(armed: Rig) -> None:
    reply = await armed.ask("packml", "u", value="stop")
    assert (reply.accepted, armed.calls) == (False, [])
    assert "in an unknown state it takes no command" in reply.reason


async def test_a_machine_that_stays_as_it_was_is_told(armed: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packml, "_FOLLOWS_WITHIN_S", 0.3)
    await stands_in(armed, IDLE)
    reply = await armed.ask("packml", "u", value="start")
    assert not reply.accepted
    assert reply.reason == "it was written, but after 0.3 s it still is in IDLE"


async def test_nothing_is_commanded_while_writes_are_off(rig: Rig) -> None:
    await stands_in(rig, IDLE)
    reply = await rig.ask("packml", "u", value="start")
    assert (reply.accepted, rig.calls) == (False, [])
    assert "not armed" in reply.reason


@pytest.mark.parametrize(
    ("user", "value", "why"),
    [
        ("qa", "start", "role qa may not send 'packml' commands"),
        ("operator", "begin", "'begin' is no PackML command"),
    ],
)
async def test_who_may_not_and_what_is_no_command_is_refused(
    armed: Rig, user: str, value: str, why: str
) -> None:
    await stands_in(armed, IDLE)
    reply = await armed.ask("packml", "u", user=user, value=value)
    assert (reply.accepted, armed.calls) == (False, [])
    assert why in reply.reason


@pytest.mark.parametrize("tag", ["u/command", "u/request", "u/mode_command", "u/mode_request"])
async def test_nobody_writes_the_tags_of_a_command(armed: Rig, tag: str) -> None:
    for kind, fields in (("write", {}), ("force", {"duration": "1 min", "reason": "test"})):
        reply = await armed.ask(kind, tag, user="engineer", value=1.0, **fields)
        assert "carries the PackML commands of 'u'" in reply.reason
