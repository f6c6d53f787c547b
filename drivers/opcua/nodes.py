"""What the server says about the nodes of the plan: where they are, what they hold, what is allowed.

Everything is asked anew in every session: after a restart the same namespace may have another
index and the same node another type. A node that does not fit costs its own tag, no other.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Final

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from config.devices import OpcUaAddress
from config.tags import TagKind
from drivers.opcua.attributes import Limits, code_of, is_good, number_of, read_attributes
from drivers.opcua.codec import NUMERIC, TEXTUAL, WHOLE
from drivers.opcua.connection import Connection
from drivers.opcua.datatypes import resolve_kinds
from drivers.opcua.node import Fault, Node
from drivers.opcua.paths import NoSuchPathError, find, with_indices
from drivers.opcua.plan import Item
from drivers.opcua.ranges import try_ranges
from drivers.opcua.status import (
    BAD_BROWSE_NAME_INVALID,
    BAD_NODE_ID_INVALID,
    BAD_NOT_READABLE,
    BAD_TYPE_MISMATCH,
    name_of,
)
from drivers.opcua.structures import Types, field_at, read_types
from drivers.opcua.views import View

_ATTRIBUTES: Final = (
    AttributeIds.DataType,
    AttributeIds.ValueRank,
    AttributeIds.AccessLevel,
    AttributeIds.UserAccessLevel,
    AttributeIds.BrowseName,
)
_READABLE: Final = 1
_WRITABLE: Final = 2
_HISTORY: Final = 4
_SCALAR: Final = -1
_FITTING: Final = {TagKind.NUMBER: NUMERIC, TagKind.BOOL: WHOLE, TagKind.TEXT: TEXTUAL}


async def verify(
    connection: Connection, limits: Limits, namespaces: Mapping[str, int], items: Sequence[Item]
) -> dict[int, Node | Fault]:
    """Look every item's node up, its type and what is allowed; by handle.

    Raises:
        DriverError: the whole device.
    """
    places = await _locate(connection, limits, namespaces, items)
    found: dict[int, Node | Fault] = {
        handle: place for handle, place in places.items() if isinstance(place, Fault)
    }
    known = [(item, place) for item in items if isinstance(place := places[item.handle], ua.NodeId)]
    asked = [(node, attribute) for _, node in known for attribute in _ATTRIBUTES]
    values = await read_attributes(connection, limits.read, asked)
    width = len(_ATTRIBUTES)
    attributes = [values[at : at + width] for at in range(0, len(values), width)]
    kinds = await resolve_kinds(
        connection, limits, [row[0] for row in attributes], [node for _, node in known]
    )
    types = await read_types(connection, limits, _to_be_defined(known, attributes, kinds))
    for (item, place), row, kind in zip(known, attributes, kinds, strict=True):
        try:
            found[item.handle] = _judge(item, place, row, kind, types)
        except _UnfitError as error:
            found[item.handle] = Fault(error.status, str(error))
    elements = [
        (item, usable)
        for item, _ in known
        if item.address.index and isinstance(usable := found[item.handle], Node)
    ]
    return found | await try_ranges(connection, limits, elements)


async def _locate(
    connection: Connection, limits: Limits, namespaces: Mapping[str, int], items: Sequence[Item]
) -> dict[int, ua.NodeId | Fault]:
    """Return each item's node by its identifier or its path; by handle."""
    places: dict[int, ua.NodeId | Fault] = {}
    by_path: list[tuple[int, list[tuple[int, str]]]] = []
    for item in items:
        address = item.address
        index = namespaces.get(address.namespace)
        if index is None:
            reason = f"the server has no namespace {address.namespace}"
            places[item.handle] = Fault(BAD_NODE_ID_INVALID, reason)
        elif address.path is not None:
            by_path.append((item.handle, with_indices(address.path, address.namespace, namespaces)))
        else:
            places[item.handle] = node_id(address, index)
    ends = await find(connection, limits, [None] * len(by_path), [path for _, path in by_path])
    for (handle, _), end in zip(by_path, ends, strict=True):
        places[handle] = Fault(end.status, str(end)) if isinstance(end, NoSuchPathError) else end
    return places


def node_id(address: OpcUaAddress, index: int) -> ua.NodeId:
    """Return the NodeId of an address with an identifier, whose namespace has this index."""
    namespace = ua.Int16(index)
    if address.guid is not None:
        return ua.NodeId(ua.Guid(bytes=address.guid.bytes), namespace, ua.NodeIdType.Guid)
    if address.opaque is not None:
        return ua.NodeId(ua.ByteString(base64.b64decode(address.opaque)), namespace, ua.NodeIdType.ByteString)
    if isinstance(address.identifier, int):
        return ua.NodeId(ua.Int32(address.identifier), namespace, ua.NodeIdType.Numeric)
    return ua.NodeId(ua.String(address.identifier or ""), namespace, ua.NodeIdType.String)


class _UnfitError(Exception):
    """A node does not fit its tag; `status` is OPC UA's code for it."""

    def __init__(self, message: str, status: int = BAD_TYPE_MISMATCH) -> None:
        super().__init__(message)
        self.status = status


def _to_be_defined(
    known: Sequence[tuple[Item, ua.NodeId]],
    attributes: Sequence[Sequence[ua.DataValue]],
    kinds: Sequence[ua.VariantType | None],
) -> list[ua.NodeId]:
    """Return the data types whose definitions are needed: structures with fields, enumerations as text."""
    wanted = []
    for (item, _), row, kind in zip(known, attributes, kinds, strict=True):
        data_type = row[0].Value.Value if row[0].Value is not None and is_good(row[0]) else None
        is_enumeration = item.kind is TagKind.TEXT and kind is ua.VariantType.Int32
        if isinstance(data_type, ua.NodeId) and (item.address.field is not None or is_enumeration):
            wanted.append(data_type)
    return wanted


def _judge(
    item: Item, node: ua.NodeId, row: Sequence[ua.DataValue], kind: ua.VariantType | None, types: Types
) -> Node:
    data_type, rank, access, user_access, name = row
    if not is_good(data_type):
        status = code_of(data_type)
        raise _UnfitError(f"the node's type cannot be read: {name_of(status)}", status)
    _check_name(item.address, name)
    _check_rank(item.address, number_of(rank, _SCALAR))
    levels = _READABLE | _WRITABLE | _HISTORY
    allowed = number_of(access, levels) & number_of(user_access, levels)
    if item.is_read and not allowed & _READABLE:
        raise _UnfitError("the server does not let this user read the node", BAD_NOT_READABLE)
    shown, view = _view(item, data_type.Value.Value if data_type.Value is not None else None, kind, types)
    wanted = item.address.data_type
    if wanted is not None and shown is not None and shown.name != wanted:
        raise _UnfitError(f"the node is a {shown.name}, configured as {wanted}")
    if shown is not None and shown not in _FITTING[item.kind] and not (view is not None and view.names):
        raise _UnfitError(f"the node is a {shown.name}, the tag a {item.kind.value}")
    unwritable = "" if allowed & _WRITABLE else "the server does not let this user write the node"
    if item.address.field is not None:
        unwritable = "a field of a structure cannot be written"
    return Node(node, shown, unwritable, has_history=bool(allowed & _HISTORY), view=view)


def _check_name(address: OpcUaAddress, name: ua.DataValue) -> None:
    if address.browse_name is None:
        return
    found = name.Value.Value if name.Value is not None and is_good(name) else None
    told = found.Name if isinstance(found, ua.QualifiedName) else None
    if told != address.browse_name:
        raise _UnfitError(
            f"the node is called {told!r}, not {address.browse_name!r}", BAD_BROWSE_NAME_INVALID
        )


def _check_rank(address: OpcUaAddress, rank: int) -> None:
    if rank >= 0 and address.index is None:
        raise _UnfitError("the node holds an array: give the address the index of an element")
    if rank == _SCALAR and address.index is not None:
        raise _UnfitError("the node holds no array: leave out index")


def _view(
    item: Item, data_type: ua.NodeId | None, kind: ua.VariantType | None, types: Types
) -> tuple[ua.VariantType | None, View | None]:
    """Return the type of what the tag shows, and how it is taken out of the node's value."""
    element = tuple(int(each) for each in (item.address.index or "").split(",") if each)
    if item.address.field is not None:
        path = tuple(item.address.field.split("."))
        try:
            field = field_at(types, data_type or ua.NodeId(), path)
        except LookupError as error:
            raise _UnfitError(str(error.args[0])) from None
        if field.is_array:
            raise _UnfitError(f"the field {field.name} is an array")
        return field.kind, View(element, path=path, data_type=data_type or ua.NodeId(), types=types)
    names = types.names.get(data_type, {}) if data_type is not None else {}
    names = names if item.kind is TagKind.TEXT else {}
    return kind, View(element, names=names) if element or names else None
