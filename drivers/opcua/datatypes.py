"""Which built-in type is behind a node's data type: by the server's own tree of types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from drivers.opcua.attributes import Limits, is_good, read_attributes, standard
from drivers.opcua.connection import Connection
from drivers.opcua.plan import Slices

_LAST_BUILT_IN: Final = 25
_ENUMERATION: Final = 29
_ABSTRACT: Final = frozenset(
    (ObjectIds.BaseDataType, ObjectIds.Number, ObjectIds.Integer, ObjectIds.UInteger)
)
_DEEPEST: Final = 16


async def resolve_kinds(
    connection: Connection, limits: Limits, data_types: Sequence[ua.DataValue], nodes: Sequence[ua.NodeId]
) -> list[ua.VariantType | None]:
    """Return the built-in type behind each node's data type; of an abstract one, that of its value."""
    named = [
        value.Value.Value if is_good(value) and value.Value is not None else None for value in data_types
    ]
    built_in = await built_in_types(connection, limits.browse, set(named))
    kinds = [built_in.get(each) for each in named]
    unknown = [at for at, kind in enumerate(kinds) if kind is None and is_good(data_types[at])]
    asked = [(nodes[at], AttributeIds.Value) for at in unknown]
    for at, value in zip(unknown, await read_attributes(connection, limits.read, asked), strict=True):
        if value.Value is not None and value.Value.VariantType is not ua.VariantType.Null:
            kinds[at] = value.Value.VariantType
    return kinds


async def built_in_types(
    connection: Connection, slices: Slices, data_types: Iterable[Any]
) -> dict[Any, ua.VariantType | None]:
    """Walk from each data type up to the built-in type that it is derived from."""
    ancestors = {each: each for each in data_types if isinstance(each, ua.NodeId)}
    for _ in range(_DEEPEST):
        pending = sorted({top for top in ancestors.values() if not _is_built_in(top)}, key=str)
        if not pending:
            break
        parents = dict(zip(pending, await _supertypes(connection, slices, pending), strict=True))
        ancestors = {each: parents.get(top, top) for each, top in ancestors.items()}
    return {each: _built_in(top) for each, top in ancestors.items()}


def _is_built_in(data_type: ua.NodeId) -> bool:
    number = data_type.Identifier
    if data_type.NamespaceIndex != 0:
        return False
    if not isinstance(number, int) or number in _ABSTRACT:
        return True
    return number <= _LAST_BUILT_IN or number == _ENUMERATION


def _built_in(data_type: ua.NodeId) -> ua.VariantType | None:
    number = data_type.Identifier
    if data_type.NamespaceIndex != 0 or not isinstance(number, int) or number in _ABSTRACT or number == 0:
        return None
    if number == _ENUMERATION:
        return ua.VariantType.Int32
    return ua.VariantType(number) if number <= _LAST_BUILT_IN else None


async def _supertypes(connection: Connection, slices: Slices, types: Sequence[ua.NodeId]) -> list[ua.NodeId]:
    """Return the parent of each data type; the null NodeId where the server tells of none."""

    async def browse(part: Sequence[ua.NodeId]) -> list[ua.NodeId]:
        request = ua.BrowseRequest()
        request.Parameters.NodesToBrowse = [
            ua.BrowseDescription(
                NodeId=each,
                BrowseDirection=ua.BrowseDirection.Inverse,
                ReferenceTypeId=standard(ObjectIds.HasSubtype),
                IncludeSubtypes=False,
                NodeClassMask=ua.NodeClass.DataType,
                ResultMask=ua.BrowseResultMask.None_,
            )
            for each in part
        ]
        answer = await connection.call(request, ua.BrowseResponse)
        return [each.References[0].NodeId if each.References else ua.NodeId() for each in answer.Results]

    return await connection.in_slices(slices, types, browse)
