"""Every kind of wrong answer, one after another and mixed: data flow again, and none is another tag's."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.contract.rig import until
from tests.servers.hostile import Answer, Request, frame, hostile, registers, right
from tests.unit.drivers.modbus_device import never_wrong, session_of, session_whole, whole

Trouble = Callable[[Request], Sequence[Answer]]
TROUBLES: dict[str, Trouble] = {
    "right": lambda r: [right(r)],
    "late": lambda r: [0.16, right(r)],
    "silent": lambda r: [],
    "byte by byte": lambda r: [bytes([byte]) for byte in right(r)],
    "torn and lost": lambda r: [right(r)[:9], None],
    "closed": lambda r: [None],
    "transaction of another": lambda r: [frame(r.transaction + 7 & 0xFFFF, r.unit_id, registers(4444))],
    "unit of another": lambda r: [frame(r.transaction, r.unit_id + 1, registers(4444))],
    "function of another": lambda r: [frame(r.transaction, r.unit_id, registers(4444, function=4))],
    "too long": lambda r: [frame(r.transaction, r.unit_id, registers(4444, 4445, 4446, 4447))],
    "garbage": lambda r: [b"HTTP/1.1 400 Bad Request\r\n\r\n"],
    "busy": lambda r: [frame(r.transaction, r.unit_id, b"\x83\x06")],
    "twice": lambda r: [right(r) * 2],
}


@pytest.mark.parametrize("settings", [{}, {"profile": "pipelining"}], ids=["one by one", "pipelined"])
@pytest.mark.parametrize("seed", [1, 2])
async def test_chaos_never_assigns_a_value_wrongly_and_ends(seed: int, settings: dict[str, Any]) -> None:
    """#26, #38 and what hostile devices do: each answer is of another kind, then the device is healthy."""
    draw = random.Random(seed)
    chaos = True

    def script(request: Request) -> Sequence[Answer]:
        kind = draw.choice(["right"] * 12 + list(TROUBLES)) if chaos else "right"
        return TROUBLES[kind](request)

    async with hostile(script) as server, session_of(server.port, **settings) as (session, device):
        await until(lambda: len(server.requests) >= 80, 60)
        chaos = False
        device.seen.last.clear()
        await session_whole(session, device)
    never_wrong(device)


@pytest.mark.parametrize("kind", [kind for kind in TROUBLES if kind not in ("right", "too long")])
async def test_data_flow_again_by_themselves(kind: str) -> None:
    """#15: after the trouble nobody does anything, and all tags are good again."""
    trouble = True

    def script(request: Request) -> Sequence[Answer]:
        return TROUBLES[kind if trouble and request.number > 3 else "right"](request)

    async with hostile(script) as server, session_of(server.port) as (_, device):
        await until(lambda: len(server.requests) >= 8, 30)
        trouble = False
        device.seen.last.clear()
        await until(lambda: whole(device), 30)
    never_wrong(device)
