"""The command door with a real engine, a real audit trail and real keys behind it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from config.site import Site
from control import signal
from control.engine import Engine
from control.tables import build
from gateway.batch.context import ContextBook
from gateway.commands.door import CommandDoor
from gateway.commands.message import Reply, make
from gateway.gxp import identity
from gateway.gxp.audit import AuditTrail, read_entries, verify

_KEYS = {name: identity.generate_key() for name in ("operator", "supervisor", "qa", "stranger")}


def _site() -> Site:
    users = {name: {"role": name, "public_key": _KEYS[name][1]} for name in ("operator", "supervisor", "qa")}
    return Site.model_validate(
        {
            "site": {"name": "s"},
            "gateway": {"name": "gw1", "scan_period": "10 ms"},
            "devices": {"d": {"driver": "modbus", "host": "127.0.0.1"}},
            "units": {
                "u": {
                    "area": "a",
                    "cell": "c",
                    "tags": {
                        "t.pv": {"unit": "degC", "low": "0 degC", "high": "60 degC", "device": "d"},
                        "t.out": {
                            "unit": "%",
                            "low": "0 %",
                            "high": "100 %",
                            "device": "d",
                            "access": "write",
                        },
                    },
                    "loops": {
                        "t": {"pv": "u/t.pv", "output": "u/t.out", "kp": 1.0, "ti": "10 s", "sp": "37 degC"}
                    },
                    "alarms": {"t.high": {"tag": "u/t.pv", "type": "high", "limit": "50 degC"}},
                }
            },
            "access": {"users": users},
        }
    )


class Rig:
    """A door, and the engine behind it."""

    def __init__(self, folder: Path) -> None:
        self.site, self.folder = _site(), folder
        self.engine = Engine(build(self.site))
        self.engine.start()
        self.disk = ThreadPoolExecutor(1)
        self.audit: AuditTrail
        self.door: CommandDoor
        self.open()
        self.heard: list[tuple[str, str, bool]] = []
        self.alarms: list[Any] = []
        self._answers = asyncio.create_task(self._answer())

    def open(self) -> None:
        """Open the records, as at a start."""
        self.audit = self.disk.submit(
            lambda: AuditTrail(self.folder / "audit.sqlite", gateway="gw1", software="1", config="c")
        ).result()
        self.contexts = self.disk.submit(ContextBook, self.folder / "contexts.sqlite").result()
        self.door = CommandDoor(
            self.site, self.engine.commands, self.audit, self.contexts, self.disk, self.value
        )
        self.door.on_command.append(self._hear)

    def close(self) -> None:
        """Close the records."""
        self.disk.submit(self.audit.close).result()
        self.disk.submit(self.contexts.close).result()

    async def end(self) -> None:
        self._answers.cancel()
        await asyncio.to_thread(self.engine.stop)
        self.close()
        self.disk.shutdown()

    def value(self, tag: str) -> float:
        return float(self.engine.snapshot().value[self.site.tag_index[tag]])

    def sample(self, value: float) -> None:
        """Let the equipment send a PV."""
        rows = np.zeros(1, signal.SAMPLE)
        rows["tag"], rows["value"], rows["source_ns"] = self.site.tag_index["u/t.pv"], value, time.time_ns()
        assert self.engine.inbox.push(rows) == 1

    async def send(self, message: dict[str, Any], *, unit: str = "u", retained: bool = False) -> Reply | None:
        return await self.door.handle(orjson.dumps(message), unit=unit, retained=retained)

    async def ask(self, kind: Any, target: str, *, user: str = "operator", **fields: Any) -> Reply:
        reply = await self.send(make(user, _KEYS[user][0], kind, target, **fields))
        assert reply is not None
        return reply

    async def send_gateway(self, user: str) -> Reply:
        """Ask for the outputs to be armed."""
        message = make(user, _KEYS[user][0], "arm", "gw1", value=1.0)
        reply = await self.send(message, unit="gw1")
        assert reply is not None
        return reply

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5.0):
            while not condition():
                await asyncio.sleep(0.01)

    def entries(self) -> list[dict[str, Any]]:
        return read_entries(self.folder / "audit.sqlite")

    async def _hear(self, command: Any, unit: str, reply: Reply) -> None:
        self.heard.append((command.kind, unit, reply.accepted))

    async def _answer(self) -> None:
        while True:
            await asyncio.sleep(0.005)
            for row in self.engine.transitions.pop(100):
                if row["kind"] == signal.KIND_ALARM:
                    self.alarms.append(row)
                self.door.answer(row)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    made = Rig(tmp_path)
    yield made
    await made.end()


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
        ("operator", "output", "u/t", {"value": 10.0}, "mode does not allow it"),
        ("operator", "acknowledge", "u/t.high", {}, "needs the occurrence"),
        (
            "operator",
            "acknowledge",
            "u/t.high",
            {"occurrence": 1},
            "occurrence is another one|nothing to",
        ),
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


async def test_a_redelivery_acts_once_and_gets_the_first_reply_also_after_a_restart(rig: Rig) -> None:
    message = make("operator", _KEYS["operator"][0], "set_point", "u/t", value=40.0)
    first = await rig.send(message)
    await rig.ask("set_point", "u/t", value=42.0)
    assert await rig.send(message) == first
    rig.close()
    rig.open()
    assert await rig.send(message) == first
    await rig.until(lambda: rig.value("u/t.sp") == 42.0)


async def test_a_command_that_a_restart_interrupted_does_not_act_again(rig: Rig) -> None:
    message = make("operator", _KEYS["operator"][0], "set_point", "u/t", value=40.0)
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
    key = _KEYS["operator"][0]
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
    message = make("operator", _KEYS["operator"][0], "set_point", "u/t", value=40.0)
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
    assert int(rig.alarms[1]["after"]) == ord("C") - ord("A")


async def test_modes_change_and_arming_needs_a_supervisor(rig: Rig) -> None:
    assert not (await rig.send_gateway("operator")).accepted
    assert (await rig.send_gateway("supervisor")).accepted
    reply = await rig.ask("mode", "u/t", value="manual")
    assert reply.accepted
    await rig.until(lambda: rig.value("u/t.mode") == signal.MODE_MANUAL)
    assert (await rig.ask("output", "u/t", value=25.0)).accepted
    await rig.until(lambda: rig.value("u/t.op") == 25.0)


async def test_a_context_is_entered_for_a_unit(rig: Rig) -> None:
    names = {"campaign": "c1", "batch": "b7", "phase": "growth"}
    reply = await rig.ask("context", "u", user="supervisor", context=names)
    assert reply.accepted
    number = int(rig.contexts.resolve("u", np.array([time.time_ns()], np.int64))[0])
    assert rig.contexts.describe(number).batch == "b7"
