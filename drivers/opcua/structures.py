"""Structures and enumerations of the server's own: their fields and names, as the server defines them.

Definitions are read from the attribute DataTypeDefinition (Part 3, 8.48 to 8.51), anew in every
session; values are decoded by them (Part 6, 5.2.6 and 5.2.7). Servers that describe their types only
in the old dictionaries do not tell them here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.ua_binary import Primitives, unpack_uatype

from drivers.opcua.attributes import Limits, is_good, read_attributes
from drivers.opcua.connection import Connection
from drivers.opcua.datatypes import built_in_types

_DEEPEST: Final = 8
"""Structures within structures; deeper ones are not looked into."""
_MOST_ELEMENTS: Final = 100_000
_OPTIONAL: Final = 1
_UNION: Final = 2


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a structure."""

    name: str
    data_type: ua.NodeId
    kind: ua.VariantType | None
    """Its built-in type; None where the server does not tell, and for fields of structures unknown."""
    is_array: bool
    is_optional: bool


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure's fields in the order of the wire; `form` is the server's StructureType."""

    form: int
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Types:
    """What a server defines, by data type."""

    structures: Mapping[ua.NodeId, Structure]
    names: Mapping[ua.NodeId, Mapping[int, str]]
    """The names of enumerations."""


async def read_types(connection: Connection, limits: Limits, data_types: Iterable[ua.NodeId]) -> Types:
    """Read the definitions of data types, and of those that their fields have.

    Raises:
        DriverError: the whole device.
    """
    structures: dict[ua.NodeId, Structure] = {}
    names: dict[ua.NodeId, Mapping[int, str]] = {}
    pending, known = sorted(set(data_types), key=str), set[ua.NodeId]()
    for _ in range(_DEEPEST):
        if not pending:
            break
        known |= set(pending)
        asked = [(each, AttributeIds.DataTypeDefinition) for each in pending]
        found = zip(pending, await read_attributes(connection, limits.read, asked), strict=True)
        fields: dict[ua.NodeId, ua.StructureDefinition] = {}
        for data_type, value in found:
            definition = value.Value.Value if value.Value is not None and is_good(value) else None
            if isinstance(definition, ua.EnumDefinition):
                names[data_type] = {int(each.Value): str(each.Name) for each in definition.Fields or []}
            elif isinstance(definition, ua.StructureDefinition):
                fields[data_type] = definition
        used = {each.DataType for definition in fields.values() for each in definition.Fields or []}
        kinds = await built_in_types(connection, limits.browse, used)
        for data_type, definition in fields.items():
            structures[data_type] = _structure(definition, kinds)
        pending = sorted(
            {each for each in used if kinds.get(each) is ua.VariantType.ExtensionObject} - known, key=str
        )
    return Types(structures, names)


def _structure(
    definition: ua.StructureDefinition, kinds: Mapping[ua.NodeId, ua.VariantType | None]
) -> Structure:
    form = int(definition.StructureType)
    fields = tuple(
        Field(
            str(each.Name),
            each.DataType,
            kinds.get(each.DataType),
            is_array=each.ValueRank >= 0,
            is_optional=form == _OPTIONAL and bool(each.IsOptional),
        )
        for each in definition.Fields or []
    )
    return Structure(form, fields)


def field_at(types: Types, data_type: ua.NodeId, path: Sequence[str]) -> Field:
    """Return the field at the end of a path within a structure.

    Raises:
        LookupError: there is none; the message says what there is.
    """
    field: Field | None = None
    for step in path:
        structure = types.structures.get(field.data_type if field is not None else data_type)
        if structure is None:
            raise LookupError("the server does not define the fields of the structure")
        field = next((each for each in structure.fields if each.name == step), None)
        if field is None:
            there = ", ".join(each.name for each in structure.fields)
            raise LookupError(f"the structure has no field {step!r} (it has {there})")
    if field is None:
        raise LookupError("no field is named")
    return field


def value_at(types: Types, data_type: ua.NodeId, path: Sequence[str], content: Any) -> Any:
    """Return the value of a field; None where an optional one is not there.

    Raises:
        Exception: one of `errors.DECODE_ERRORS`: the bytes are not what the definition says.
    """
    if not isinstance(content, ua.ExtensionObject):  # a structure that the library knows
        for step in path:
            content = getattr(content, step)
        return content
    value: Any = decode(types, data_type, Buffer(content.Body or b""))
    for step in path:
        value = value.get(step) if value is not None else None
    return value


def decode(types: Types, data_type: ua.NodeId, data: Buffer) -> dict[str, Any]:
    """Decode a structure's body into its fields by name.

    Raises:
        Exception: one of `errors.DECODE_ERRORS`: the bytes are not what the definition says.
    """
    structure = types.structures[data_type]
    if structure.form == _UNION:
        chosen = Primitives.UInt32.unpack(data)
        if not chosen:
            return {}
        field = structure.fields[chosen - 1]
        return {field.name: _field(types, field, data)}
    present = Primitives.UInt32.unpack(data) if structure.form == _OPTIONAL else 0
    values: dict[str, Any] = {}
    bit = 0
    for field in structure.fields:
        if field.is_optional:
            is_there = present >> bit & 1
            bit += 1
            if not is_there:
                continue
        values[field.name] = _field(types, field, data)
    return values


def _field(types: Types, field: Field, data: Buffer) -> Any:
    if not field.is_array:
        return _value(types, field, data)
    count = Primitives.Int32.unpack(data)
    if count > _MOST_ELEMENTS:
        raise ValueError(f"{count} elements announced")
    return [_value(types, field, data) for _ in range(max(count, 0))]


def _value(types: Types, field: Field, data: Buffer) -> Any:
    if field.data_type in types.structures:
        return decode(types, field.data_type, data)
    if field.kind is None:
        raise ValueError(f"the type of the field {field.name} is not known")
    return unpack_uatype(field.kind, data)
