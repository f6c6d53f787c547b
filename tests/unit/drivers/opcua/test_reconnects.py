"""Restarts under load, and many reconnections: values stay with their tags, and nothing grows."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from control.signal import BAD, COMM
from drivers.session import Session
from drivers.states import State
from simulators.link_faults import LinkFault, LinkFaultKind
from tests.servers.opcua import OpcUaServer, asyncua_server
from tests.unit.drivers.opcua.plant import Seen, device, ref
from tests.unit.drivers.opcua.test_faults import linked, running, until
from tests.unit.drivers.reconnecting import nothing_grows


@pytest.fixture(scope="module")
def server() -> Iterator[OpcUaServer]:
    with asyncua_server() as made:
        yield made


async def test_a_server_that_is_restarted_under_load_flows_again_and_no_value_strays(
    server: OpcUaServer,
) -> None:
    names = [f"load{number}" for number in range(60)]
    refs = [ref(at, each) for at, each in enumerate(names)]
    async with running(device(server.port, dead_after=1.0), refs) as (session, seen):
        for round_ in range(3):
            if round_:
                await until(lambda: session.state is State.LOST, 20.0)
                assert seen.qualities[7][-1] == BAD | COMM
                # After a restart the same names come in another order, and their namespace elsewhere.
                names = [*reversed(names)]
                server.change(fillers=round_)
                server.start()
            server.do("add", names=sorted(names))
            server.do("load", names=sorted(names), pause_s=0.02)
            before = len(seen.values.get(0, []))
            await until(lambda: len(seen.values.get(0, [])) > before + 5, 20.0)  # noqa: B023 - in this round
            await until(lambda: session.state is State.CONNECTED, 20.0)
            server.kill()
    server.change(fillers=0)
    server.start()
    order = {name: at for at, name in enumerate(sorted(names))}
    for at, each in enumerate(f"load{number}" for number in range(60)):
        of_others = {value for value in seen.values[at] if value == value and value // 1e6 != order[each]}
        assert of_others <= {0.0}, each


async def _reconnect(session: Session, seen: Seen, cut: Any) -> None:
    before = session.statistics.connects
    await cut()
    await until(lambda: session.statistics.connects > before, 20.0)
    known = len(seen.columns)
    await until(lambda: len(seen.columns) > known, 20.0)
    seen.__init__()  # type: ignore[misc]


@contextlib.asynccontextmanager
async def reconnections() -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A followed server, whose connection is cut at each call; for `nothing_grows`."""
    with asyncua_server() as server:
        server.do("add", names=["r0", "r1", "r2"])
        async with linked(server) as link:

            async def cut() -> None:
                await link.set_fault(LinkFault(LinkFaultKind.DROP))
                await link.clear()

            settings = device(link.port, reconnect_min=0.001, reconnect_max=0.002)
            async with running(settings, [ref(at, f"r{at}") for at in range(3)]) as (session, seen):
                await until(lambda: len(seen.values) == 3)
                yield lambda: _reconnect(session, seen, cut)


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.soak)])
@pytest.mark.timeout(1800)
def test_many_reconnections_cost_no_memory_tasks_or_handles(count: int) -> None:
    """Complaint 40: a leak for each subscription or reconnection."""
    nothing_grows(__name__, count)
