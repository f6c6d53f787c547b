"""What the server says about the nodes of the plan: where they are, what they hold, what is allowed.

Everything is asked anew in every session: after a restart the same namespace may have another
index and the same node another type. A node that does not fit costs its own tag, no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from config.devices import OpcUaAddress
from config.tags import TagKind
from drivers.opcua.attributes import Limits, code_of, is_good, number_of, read_attributes
from drivers.opcua.codec import NUMERIC, TEXTUAL, WHOLE
from drivers.opcua.connection import Connection
from drivers.opcua.datatypes import resolve_kinds
from drivers.opcua.plan import Item
from drivers.opcua.status import BAD_NODE_ID_INVALID, BAD_NOT_READABLE, BAD_TYPE_MISMATCH, name_of

_ATTRIBUTES: Final = (
    AttributeIds.DataType,
    AttributeIds.ValueRank,
    AttributeIds.AccessLevel,
    AttributeIds.UserAccessLevel,
)
_READABLE: Final = 1
_WRITABLE: Final = 2
_SCALAR: Final = -1
_FITTING: Final = {TagKind.NUMBER: NUMERIC, TagKind.BOOL: WHOLE, TagKind.TEXT: TEXTUAL}


@dataclass(frozen=True, slots=True)
class Node:
    """An item's node as this session found it."""

    node_id: ua.NodeId
    kind: ua.VariantType | None
    """Its type; None when the server does not tell."""
    is_writable: bool = True


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an item cannot be used in this session."""

    status: int
    reason: str


async def verify(
    connection: Connection, limits: Limits, namespaces: Mapping[str, int], items: Sequence[Item]
) -> dict[int, Node | Fault]:
    """Look every item's node up, its type and what is allowed; by handle.

    Raises:
        DriverError: the whole device.
    """
    found: dict[int, Node | Fault] = {}
    known: list[tuple[Item, ua.NodeId]] = []
    for item in items:
        index = namespaces.get(item.address.namespace)
        if index is None:
            reason = f"the server has no namespace {item.address.namespace}"
            found[item.handle] = Fault(BAD_NODE_ID_INVALID, reason)
        else:
            known.append((item, node_id(item.address, index)))
    asked = [(node, attribute) for _, node in known for attribute in _ATTRIBUTES]
    values = await read_attributes(connection, limits.read, asked)
    width = len(_ATTRIBUTES)
    attributes = [values[at : at + width] for at in range(0, len(values), width)]
    kinds = await resolve_kinds(
        connection, limits, [row[0] for row in attributes], [node for _, node in known]
    )
    for (item, node), row, kind in zip(known, attributes, kinds, strict=True):
        found[item.handle] = _judge(item, node, row, kind)
    return found


def node_id(address: OpcUaAddress, index: int) -> ua.NodeId:
    """Return the NodeId of an address whose namespace has this index."""
    if isinstance(address.identifier, int):
        return ua.NodeId(ua.Int32(address.identifier), ua.Int16(index), ua.NodeIdType.Numeric)
    return ua.NodeId(ua.String(address.identifier), ua.Int16(index), ua.NodeIdType.String)


def _judge(
    item: Item, node: ua.NodeId, row: Sequence[ua.DataValue], kind: ua.VariantType | None
) -> Node | Fault:
    data_type, rank, access, user_access = row
    if not is_good(data_type):
        return Fault(code_of(data_type), f"the node's type cannot be read: {name_of(code_of(data_type))}")
    shape = number_of(rank, _SCALAR)
    if shape >= 0:
        return Fault(BAD_TYPE_MISMATCH, "the node holds an array")
    allowed = number_of(access, _READABLE | _WRITABLE) & number_of(user_access, _READABLE | _WRITABLE)
    if item.is_read and not allowed & _READABLE:
        return Fault(BAD_NOT_READABLE, "the server does not let this user read the node")
    if kind is not None and kind not in _FITTING[item.kind]:
        return Fault(BAD_TYPE_MISMATCH, f"the node is a {kind.name}, the tag a {item.kind.value}")
    return Node(node, kind, is_writable=bool(allowed & _WRITABLE))
