"""Walks a server's address space: the rows from which people pick tags.

Breadth first along hierarchical references, in requests as large as the server takes, every
continuation point followed. A node that is reached twice is told once, by its first path.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from config.opcua import BUILT_IN_TYPES, OpcUaDevice
from drivers.frames import Frames
from drivers.inspection import Offered, tag_name
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
from drivers.opcua.engineering import read_engineering
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
_KINDS: Final = {"Boolean": "bool"} | dict.fromkeys(
    ("SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float", "Double"), "number"
)


_NOTES: Final = {"ExtensionObject": "a structure: give each tag a field"}


@dataclass(frozen=True, slots=True)
class _Place:
    node_id: ua.NodeId
    path: str
    name: str
    is_variable: bool

    @property
    def is_wanted(self) -> bool:
        """Whether it is a variable of the plant: those of namespace 0 are the server's own."""
        return self.is_variable and self.node_id.NamespaceIndex != 0


async def browse_device(
    name: str, device: OpcUaDevice, under: str = "", *, most: int = MOST_NODES
) -> AsyncIterator[Offered]:
    """Connect to a device and yield its variables, the server's own diagnostics left out.

    Args:
        name: the device's.
        device: how to reach it.
        under: path below the Objects folder; empty is all of it.
        most: nodes that are looked at.

    Raises:
        DriverError: the server cannot be reached, refuses, or the connection is lost.
        ValueError: there is nothing below the path.
    """
    connection = Connection(device, name, Frames())
    try:
        await connection.open()
        limits = await read_limits(connection, device.max_operations)
        namespaces = {index: uri for uri, index in (await read_namespaces(connection)).items()}
        seen = {standard(ObjectIds.ObjectsFolder), standard(_SERVER)}
        level = [_Place(standard(ObjectIds.ObjectsFolder), "", "", is_variable=False)]
        names: set[str] = set()
        while level and len(seen) < most:
            level = await _children(connection, limits.browse, level, seen)
            level = [each for each in level if _is_on_the_way(each.path, under)]
            wanted = [each for each in level if each.is_wanted and _is_below(each.path, under)]
            for found in await _describe(connection, limits, namespaces, wanted, names):
                yield found
        if under and not names:
            raise ValueError(f"there is no variable below {under!r}: paths begin below the Objects folder")
    finally:
        await connection.close()


def _is_below(path: str, under: str) -> bool:
    return not under or path == under or path.startswith(f"{under}/")


def _is_on_the_way(path: str, under: str) -> bool:
    return _is_below(path, under) or under.startswith(f"{path}/")


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
            if node_id in seen or _is_of_the_standard(reference):
                continue
            seen.add(node_id)
            own = reference.BrowseName.Name or "?"
            path = f"{parent.path}/{own}" if parent.path else own
            children.append(_Place(node_id, path, own, reference.NodeClass == ua.NodeClass.Variable))
    return children


def _is_of_the_standard(reference: Any) -> bool:
    """Say whether it is a property that the standard gives a variable, as EURange: read with the variable."""
    is_property = reference.ReferenceTypeId == standard(ObjectIds.HasProperty)
    return bool(is_property and reference.BrowseName.NamespaceIndex == 0)


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
    connection: Connection,
    limits: Limits,
    namespaces: dict[int, str],
    places: Sequence[_Place],
    names: set[str],
) -> list[Offered]:
    """Return the variables with their types, ranges, access and values; `names` are taken already."""
    nodes = [place.node_id for place in places]
    asked = [(node, attribute) for node in nodes for attribute in _ATTRIBUTES]
    values = await read_attributes(connection, limits.read, asked)
    rows = [values[at : at + len(_ATTRIBUTES)] for at in range(0, len(values), len(_ATTRIBUTES))]
    kinds = await resolve_kinds(connection, limits, [row[0] for row in rows], nodes)
    meanings = await read_engineering(connection, limits, nodes)
    found = []
    for place, (_, rank, access, value), kind, meaning in zip(places, rows, kinds, meanings, strict=True):
        is_array = number_of(rank, -1) >= 0
        type_ = kind.name if kind is not None else ""
        found.append(
            Offered(
                path=place.path,
                name=tag_name(place.path, names),
                address=_address(place, namespaces, type_),
                type=f"{type_}[]" if is_array else type_,
                kind="" if is_array else _KINDS.get(type_, "text" if type_ in BUILT_IN_TYPES else ""),
                is_writable=bool(number_of(access, 0) & 2),
                value=value.Value.Value if is_good(value) and value.Value is not None else None,
                unit=meaning.unit,
                low=meaning.low,
                high=meaning.high,
                note="an array: give each tag an index" if is_array else _NOTES.get(type_, ""),
            )
        )
    return found


def _address(place: _Place, namespaces: dict[int, str], type_: str) -> dict[str, Any]:
    """Return the address of a node, with what its name and type must be."""
    node = place.node_id
    address: dict[str, Any] = {"namespace": namespaces.get(node.NamespaceIndex, "")}
    if node.NodeIdType is ua.NodeIdType.Guid:
        address["guid"] = str(node.Identifier)
    elif isinstance(node.Identifier, bytes):
        address["opaque"] = base64.b64encode(node.Identifier).decode()
    else:
        address["identifier"] = node.Identifier
    address["browse_name"] = place.name
    return address | ({"data_type": type_} if type_ in BUILT_IN_TYPES else {})
