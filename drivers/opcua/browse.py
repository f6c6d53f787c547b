"""Walks a server's address space: the rows from which people pick tags.

Breadth first along hierarchical references, in requests as large as the server takes, every
continuation point followed. A node that is reached twice is told once, by its first path.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from config.devices import OpcUaDevice
from drivers.frames import Frames
from drivers.opcua.attributes import (
    Limits,
    is_good,
    number_of,
    read_attributes,
    read_limits,
    read_namespaces,
    standard,
)
from drivers.opcua.connection import Connection
from drivers.opcua.datatypes import resolve_kinds
from drivers.opcua.plan import Slices

MOST_NODES: Final = 100_000
_SERVER: Final = ObjectIds.Server
_ATTRIBUTES: Final = (
    AttributeIds.DataType,
    AttributeIds.ValueRank,
    AttributeIds.UserAccessLevel,
    AttributeIds.Value,
)
_FOLLOWED: Final = ua.NodeClass.Object | ua.NodeClass.Variable


@dataclass(frozen=True, slots=True)
class Found:
    """A variable of the server, as its address would be configured."""

    path: str
    """Display path from the start, `Objects/Bioreactor/Temp`."""
    namespace: str
    identifier: str | int | None
    """None for an identifier that an address cannot hold (Guid, opaque)."""
    kind: str
    """Built-in type, empty where the server does not tell."""
    is_array: bool
    is_readable: bool
    is_writable: bool
    value: Any
    """The present value, None when it is bad."""


@dataclass(frozen=True, slots=True)
class _Place:
    node_id: ua.NodeId
    path: str
    is_variable: bool


async def browse_device(name: str, device: OpcUaDevice, *, most: int = MOST_NODES) -> AsyncIterator[Found]:
    """Connect to a device and yield its variables, the server's own diagnostics left out.

    Raises:
        DriverError: the server cannot be reached, refuses, or the connection is lost.
    """
    connection = Connection(device, name, Frames())
    try:
        await connection.open()
        limits = await read_limits(connection)
        namespaces = {index: uri for uri, index in (await read_namespaces(connection)).items()}
        seen = {standard(ObjectIds.ObjectsFolder), standard(_SERVER)}
        level = [_Place(standard(ObjectIds.ObjectsFolder), "", is_variable=False)]
        while level and len(seen) < most:
            level = await _children(connection, limits.browse, level, seen)
            for found in await _describe(
                connection, limits, namespaces, [each for each in level if each.is_variable]
            ):
                yield found
    finally:
        await connection.close()


async def _children(
    connection: Connection, slices: Slices, parents: Sequence[_Place], seen: set[ua.NodeId]
) -> list[_Place]:
    """Return the nodes below the parents that have not been seen before."""

    async def browse(part: Sequence[_Place]) -> list[list[Any]]:
        request = ua.BrowseRequest()
        request.Parameters.NodesToBrowse = [_wish(place.node_id) for place in part]
        answer = await connection.call(request, ua.BrowseResponse)
        return [await _with_the_rest(connection, each) for each in answer.Results]

    children: list[_Place] = []
    for parent, references in zip(parents, await connection.in_slices(slices, parents, browse), strict=True):
        for reference in references:
            node_id = ua.NodeId(
                reference.NodeId.Identifier, reference.NodeId.NamespaceIndex, reference.NodeId.NodeIdType
            )
            if node_id in seen:
                continue
            seen.add(node_id)
            own = reference.BrowseName.Name or "?"
            path = f"{parent.path}/{own}" if parent.path else own
            children.append(_Place(node_id, path, reference.NodeClass == ua.NodeClass.Variable))
    return children


def _wish(node_id: ua.NodeId) -> ua.BrowseDescription:
    return ua.BrowseDescription(
        NodeId=node_id,
        BrowseDirection=ua.BrowseDirection.Forward,
        ReferenceTypeId=standard(ObjectIds.HierarchicalReferences),
        IncludeSubtypes=True,
        NodeClassMask=_FOLLOWED,
        ResultMask=ua.BrowseResultMask.All,
    )


async def _with_the_rest(connection: Connection, result: ua.BrowseResult) -> list[Any]:
    """Return a node's references, those behind continuation points too."""
    references = list(result.References or [])
    while result.ContinuationPoint:
        request = ua.BrowseNextRequest()
        request.Parameters.ContinuationPoints = [result.ContinuationPoint]
        (result,) = (await connection.call(request, ua.BrowseNextResponse)).Parameters.Results
        references += result.References or []
    return references


async def _describe(
    connection: Connection, limits: Limits, namespaces: dict[int, str], places: Sequence[_Place]
) -> list[Found]:
    """Return the variables with their types, access and values."""
    attributes = (
        AttributeIds.DataType,
        AttributeIds.ValueRank,
        AttributeIds.UserAccessLevel,
        AttributeIds.Value,
    )
    asked = [(place.node_id, attribute) for place in places for attribute in attributes]
    values = await read_attributes(connection, limits.read, asked)
    rows = [values[at : at + len(attributes)] for at in range(0, len(values), len(attributes))]
    kinds = await resolve_kinds(
        connection, limits, [row[0] for row in rows], [place.node_id for place in places]
    )
    found = []
    for place, (_, rank, access, value), kind in zip(places, rows, kinds, strict=True):
        identifier = place.node_id.Identifier
        levels = number_of(access, 0)
        found.append(
            Found(
                path=place.path,
                namespace=namespaces.get(place.node_id.NamespaceIndex, ""),
                identifier=identifier if isinstance(identifier, str | int) else None,
                kind=kind.name if kind is not None else "",
                is_array=number_of(rank, -1) >= 0,
                is_readable=bool(levels & 1),
                is_writable=bool(levels & 2),
                value=value.Value.Value if is_good(value) and value.Value is not None else None,
            )
        )
    return found
