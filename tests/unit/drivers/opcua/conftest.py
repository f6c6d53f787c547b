"""The servers that the OPC UA tests talk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers.opcua.decoder import warm_up
from tests.servers.opcua import OpcUaServer, asyncua_server


@pytest.fixture(scope="session", autouse=True)
def _compiled() -> None:
    """Compile before the first test, so that no test's time limit has to allow for it."""
    warm_up()


@pytest.fixture(scope="session")
def shared_server() -> Iterator[OpcUaServer]:
    """One server for every test that does not stop it."""
    with asyncua_server(users=True) as process:
        yield process


@pytest.fixture
def plant(shared_server: OpcUaServer) -> Iterator[OpcUaServer]:
    """The shared server, its behaviour as it was at its start."""
    yield shared_server
    shared_server.do(
        "behave",
        read=0,
        write=0,
        items=0,
        answer_s=0.0,
        lose=0,
        forget=False,
        publish_requests=0,
        clock_s=0.0,
    )
    shared_server.do("tell_of_itself", level=255)
    for limit in ("MaxNodesPerRead", "MaxNodesPerWrite", "MaxMonitoredItemsPerCall"):
        shared_server.do("tell", limit=limit, value=0)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A prefix for the test's own nodes."""
    return f"{request.node.name}."
