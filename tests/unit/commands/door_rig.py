"""A command door with a real engine, a real audit trail and real keys behind it, for tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from config.site import Site
from control import signal
from control.engine import Engine
from control.parameters import value_of
from control.tables import build
from drivers.api import Argument, Holds, MethodResult, WriteResult
from gateway.batch.context import ContextBook
from gateway.commands.door import CommandDoor
from gateway.commands.engine_line import EngineLine
from gateway.commands.means import Means
from gateway.commands.message import Reply, make
from gateway.continuity.orders import ChangeRefused, Order
from gateway.devices.book import RestrictionBook
from gateway.devices.keeper import Act
from gateway.gxp import identity
from gateway.gxp.audit import AuditTrail, read_entries

ROLES = ("operator", "supervisor", "engineer", "qa")
KEYS = {name: identity.generate_key() for name in (*ROLES, "stranger")}


def rig_site() -> Site:
    users = {
        name: {"role": name, "public_key": KEYS[name][1]}
        for name in ("operator", "supervisor", "engineer", "qa")
    }
    return Site.model_validate(
        {
            "site": {"name": "s"},
            "gateway": {"name": "gw1", "scan_period": "10 ms"},
            "devices": {
                "d": {"driver": "modbus", "host": "127.0.0.1", "writes_armed": True},
                "plc": {
                    "driver": "opcua",
                    "endpoint": "opc.tcp://127.0.0.1:4840",
                    "methods": {"dose": {"unit": "u", "object": "Pump", "method": "Dose"}},
                    "events": {"unit": "u"},
                },
                "quiet": {"driver": "opcua", "endpoint": "opc.tcp://127.0.0.1:4841", "events": {}},
            },
            "units": {
                "u": {
                    "area": "a",
                    "cell": "c",
                    "tags": {
                        "t.pv": {"unit": "degC", "low": "0 degC", "high": "60 degC", "device": "d"},
                        "state": {"device": "d", "low": "0", "high": "17"},
                        "command": {"device": "d", "access": "read_write"},
                        "request": {"device": "d", "access": "read_write", "kind": "bool"},
                        "mode": {"device": "d", "low": "0", "high": "3"},
                        "mode_command": {"device": "d", "access": "read_write"},
                        "mode_request": {"device": "d", "access": "read_write", "kind": "bool"},
                        "clear": {"device": "d", "access": "write", "kind": "bool", "momentary": True},
                        "t.out": {
                            "unit": "%",
                            "low": "0 %",
                            "high": "100 %",
                            "device": "d",
                            "access": "write",
                        },
                        "valve": {
                            "unit": "%",
                            "low": "0 %",
                            "high": "100 %",
                            "device": "d",
                            "access": "write",
                        },
                    },
                    "packml": {
                        "state": "u/state",
                        "command": "u/command",
                        "request": "u/request",
                        "mode": "u/mode",
                        "mode_command": "u/mode_command",
                        "mode_request": "u/mode_request",
                    },
                    "calculations": {
                        "excess": {"expression": "u/t.pv - 37 degC", "unit": "degC"},
                        "twice": {"expression": "u/excess * 2 + u/t.pv - 37 degC", "unit": "degC"},
                        "pi": {"expression": "3.14", "unit": ""},
                    },
                    "loops": {
                        "t": {"pv": "u/t.pv", "output": "u/t.out", "kp": 1.0, "ti": "10 s", "sp": "37 degC"}
                    },
                    "profiles": {"warm": {"loop": "u/t", "segments": [{"hold": "1 h"}]}},
                    "interlocks": {
                        "hot": {
                            "when": "u/t.pv > 55",
                            "force": {"u/t.out": 0},
                            "max_bypass": "10 min",
                            "on_bad": False,
                        },
                        "cold": {"when": "u/t.pv < 1", "force": {"u/t.out": 0}, "on_bad": False},
                    },
                    "permissives": {
                        "warm": {"when": {"pv": "u/t.pv > 20"}, "loops": ["u/t"], "phases": ["growth"]}
                    },
                    "alarms": {
                        "t.high": {
                            "tag": "u/t.pv",
                            "type": "high",
                            "limit": "50 degC",
                            "campaigns": {"c9": {"limit": "45 degC", "approval": {"approver": "quin"}}},
                        }
                    },
                }
            },
            "access": {"users": users},
        }
    )


class Written:
    """The answer of the rig's device, as soon as its gate is open."""

    def __init__(self, rig: Rig, result: WriteResult) -> None:
        self._rig, self._result = rig, result

    async def come(self) -> WriteResult:
        await self._rig.gate.wait()
        return self._result

    def drop(self) -> None:
        self._rig.dropped += 1


class Rig:
    """A door, and the engine behind it."""

    def __init__(self, folder: Path) -> None:
        self.site, self.folder = rig_site(), folder
        self.engine = Engine(build(self.site))
        self.engine.start()
        self.disk = ThreadPoolExecutor(1)
        self.audit: AuditTrail
        self.door: CommandDoor
        self.open()
        self.heard: list[tuple[str, str, bool]] = []
        self.alarms: list[Any] = []
        self.gate = asyncio.Event()
        """Set: methods come to their end."""
        self.gate.set()
        self.acts: list[tuple[Act, str | None]] = []
        self.calls: list[tuple[Argument, ...]] = []
        self.follows: float | None = None
        """State or mode that the machine goes to when it is commanded; None leaves it where it is."""
        self.unwilling = ""
        """Why the machine takes nothing that is written once."""
        self.expected: list[tuple[str, float]] = []
        self.holds = Holds.ANOTHER
        """What is known of the device when it has not taken a value."""
        self.dropped = 0
        self._answers = asyncio.create_task(self._answer())

    def open(self) -> None:
        """Open the records, as at a start."""
        self.audit = self.disk.submit(
            lambda: AuditTrail(self.folder / "audit.sqlite", gateway="gw1", software="1", config="c")
        ).result()
        self.contexts = self.disk.submit(ContextBook, self.folder / "contexts.sqlite").result()
        self.book = RestrictionBook(self.folder)
        means = Means(
            engine=EngineLine(self.engine.commands),
            audit=self.audit,
            contexts=self.contexts,
            executor=self.disk,
            read_value=self.value,
            apply=self._apply,
            call_method=self.call,
            write_once=self.write_once,
            expect_write=self.expect_write,
            act=self._act,
            is_armed=lambda device: device is None and self.engine.counters()["armed"] != 0,
            book=self.book,
        )
        self.door = CommandDoor(self.site, means)
        self.door.on_command.append(self._hear)

    async def _act(self, act: Act, device: str | None) -> str | None:
        """Stand in for the drivers' loop: a device that another gateway writes to."""
        self.acts.append((act, device))
        return "plc is held by gateway number 7: its counter moves" if device == "plc" else None

    async def _apply(self, order: Order) -> str:
        """Apply a configuration, as long as it is `good`."""
        if order.fingerprint != "good":
            raise ChangeRefused("it is wrong")
        return "1 change(s)"

    def close(self) -> None:
        """Close the records."""
        self.disk.submit(self.audit.close).result()
        self.disk.submit(self.contexts.close).result()

    async def end(self) -> None:
        self._answers.cancel()
        await asyncio.to_thread(self.engine.stop)
        self.close()
        self.disk.shutdown()

    async def call(self, device: str, method: str, arguments: Sequence[Argument]) -> MethodResult:
        """Stand in for the drivers' loop: a device that counts, and refuses to count down."""
        self.calls.append((device, method, *arguments))
        await self.gate.wait()
        if method.startswith("$"):
            return MethodResult()
        if arguments and float(arguments[0]) < 0:
            return MethodResult("the device refused: BadOutOfRange", 0x803C_0000)
        return MethodResult(outputs=(2 * float(arguments[0]), "done"))

    async def write_once(self, device: str, values: Sequence[tuple[str, float]]) -> str | None:
        """Stand in for the drivers' loop: a machine that has states."""
        self.calls.append((device, *(part for pair in values for part in pair)))
        if self.unwilling:
            return self.unwilling
        if self.follows is not None:
            self.sample(self.follows, "u/mode" if values[0][0] == "u/mode_command" else "u/state")
        return None

    async def expect_write(self, tag: str, value: float) -> Written:
        """Stand in for the drivers' loop: a device that takes numbers up to 90."""
        self.expected.append((tag, value))
        why = "wrote 95, read back 90" if value > 90 else None
        return Written(self, WriteResult(0, why, verified=why is None, holds=self.holds))

    def value(self, tag: str) -> float:
        if tag in self.site.tag_index:
            return float(self.engine.snapshot().value[self.site.tag_index[tag]])
        return value_of(self.site, self.engine.tables.state, tag)

    def sample(self, value: float, tag: str = "u/t.pv") -> None:
        """Let the equipment send a value: the PV, if nothing else is named."""
        rows = np.zeros(1, signal.SAMPLE)
        rows["tag"], rows["value"], rows["source_ns"] = self.site.tag_index[tag], value, time.time_ns()
        assert self.engine.inbox.push(rows) == 1

    async def send(self, message: dict[str, Any], *, unit: str = "u", retained: bool = False) -> Reply | None:
        return await self.door.handle(orjson.dumps(message), unit=unit, retained=retained)

    async def ask(self, kind: Any, target: str, *, user: str = "operator", **fields: Any) -> Reply:
        reply = await self.send(make(user, KEYS[user][0], kind, target, **fields))
        assert reply is not None
        return reply

    async def send_gateway(self, user: str) -> Reply:
        """Ask for the outputs to be armed."""
        message = make(user, KEYS[user][0], "arm", "gw1", value=1.0)
        reply = await self.send(message, unit="gw1")
        assert reply is not None
        return reply

    async def ask_gateway(self, kind: Any, target: str, *, user: str = "engineer", **fields: Any) -> Reply:
        """Ask for something that concerns the gateway as a whole."""
        reply = await self.send(make(user, KEYS[user][0], kind, target, **fields), unit="gw1")
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
                self.door.engine.answer(row)
