"""Reading attributes of nodes, and what the server says about itself: its limits and namespaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from drivers.api import DeviceRefused
from drivers.opcua.connection import Connection
from drivers.opcua.plan import Slices


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the server takes in one request of each service."""

    read: Slices = field(default_factory=Slices)
    write: Slices = field(default_factory=Slices)
    browse: Slices = field(default_factory=Slices)
    items: Slices = field(default_factory=Slices)
    paths: Slices = field(default_factory=Slices)
    history: Slices = field(default_factory=Slices)


_LIMITS: Final = (
    "MaxNodesPerRead",
    "MaxNodesPerWrite",
    "MaxNodesPerBrowse",
    "MaxMonitoredItemsPerCall",
    "MaxNodesPerTranslateBrowsePathsToNodeIds",
    "MaxNodesPerHistoryReadData",
)
"""Nodes of the server, in the order of the fields of Limits."""


async def read_limits(connection: Connection, most: int) -> Limits:
    """Read the server's operation limits, none above `most`; 0, in either, is no limit."""
    ids = [getattr(ObjectIds, f"Server_ServerCapabilities_OperationLimits_{name}") for name in _LIMITS]
    asked = [(standard(identifier), AttributeIds.Value) for identifier in ids]
    stated = [number_of(found, 0) for found in await read_attributes(connection, Slices(), asked)]
    slices = [Slices(min(filter(None, (limit, most)), default=0)) for limit in stated]
    return Limits(*slices)


async def read_namespaces(connection: Connection) -> dict[str, int]:
    """Return the index of every namespace URI in this session.

    Raises:
        DriverError: the server does not tell its namespaces.
    """
    node = (standard(ObjectIds.Server_NamespaceArray), AttributeIds.Value)
    (found,) = await read_attributes(connection, Slices(), [node])
    uris = found.Value.Value if found.Value is not None and is_good(found) else None
    if not isinstance(uris, list):
        raise DeviceRefused("the server does not tell its namespaces", code_of(found))
    return {str(uri): index for index, uri in enumerate(uris)} | {"": 0}


async def read_attributes(
    connection: Connection, slices: Slices, asked: Sequence[tuple[ua.NodeId, AttributeIds]]
) -> list[ua.DataValue]:
    """Read attributes of nodes, decoded by asyncua.

    Raises:
        DriverError: the whole device.
    """

    async def read(part: Sequence[tuple[ua.NodeId, AttributeIds]]) -> list[ua.DataValue]:
        request = ua.ReadRequest()
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Neither
        request.Parameters.NodesToRead = [
            ua.ReadValueId(NodeId=node, AttributeId=which) for node, which in part
        ]
        answer = await connection.call(request, ua.ReadResponse)
        return list(answer.Results)

    return await connection.in_slices(slices, asked, read)


def code_of(value: ua.DataValue) -> int:
    """Return the status code of a value."""
    return int(value.StatusCode.value) if value.StatusCode is not None else 0


def is_good(value: ua.DataValue) -> bool:
    """Return whether a value may be taken at its word."""
    return code_of(value) < 0x4000_0000


def number_of(value: ua.DataValue, otherwise: int) -> int:
    """Return an attribute that is a number; what the server does not have is `otherwise`."""
    content = value.Value.Value if value.Value is not None and is_good(value) else None
    return int(content) if isinstance(content, int) else otherwise


def standard(identifier: int) -> ua.NodeId:
    """Return a node of the standard's own namespace."""
    return ua.NodeId(ua.Int32(identifier), ua.Int16(0))
