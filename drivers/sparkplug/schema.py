"""The messages of Sparkplug B as protobuf classes, from the field numbers of the specification.

The descriptor is built here (proto2, package of the specification's own schema), in a pool of its own,
so that another copy of the schema in the same process does no harm.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_F = descriptor_pb2.FieldDescriptorProto
_PACKAGE: Final = "org.eclipse.tahu.protobuf"
_SCALARS: Final = {
    "uint32": _F.TYPE_UINT32,
    "uint64": _F.TYPE_UINT64,
    "float": _F.TYPE_FLOAT,
    "double": _F.TYPE_DOUBLE,
    "bool": _F.TYPE_BOOL,
    "string": _F.TYPE_STRING,
    "bytes": _F.TYPE_BYTES,
}
_VALUE: Final = "value"
_NUMBERS: Final = ("int_value uint32", "long_value uint64", "float_value float", "double_value double")
_SIMPLE: Final = (*_NUMBERS, "boolean_value bool", "string_value string")

_MESSAGES: Final[dict[str, list[str]]] = {
    "Payload": [
        "1 timestamp uint64", "2 metrics Payload.Metric*", "3 seq uint64", "4 uuid string", "5 body bytes",
    ],
    "Payload.Metric": [
        "1 name string", "2 alias uint64", "3 timestamp uint64", "4 datatype uint32",
        "5 is_historical bool", "6 is_transient bool", "7 is_null bool", "8 metadata Payload.MetaData",
        "9 properties Payload.PropertySet",
        *(f"{10 + n} {field} |" for n, field in enumerate(_SIMPLE)),
        "16 bytes_value bytes |", "17 dataset_value Payload.DataSet |",
        "18 template_value Payload.Template |",
    ],
    "Payload.MetaData": [
        "1 is_multi_part bool", "2 content_type string", "3 size uint64", "4 seq uint64",
        "5 file_name string", "6 file_type string", "7 md5 string", "8 description string",
    ],
    "Payload.PropertySet": ["1 keys string*", "2 values Payload.PropertyValue*"],
    "Payload.PropertySetList": ["1 propertyset Payload.PropertySet*"],
    "Payload.PropertyValue": [
        "1 type uint32", "2 is_null bool",
        *(f"{3 + n} {field} |" for n, field in enumerate(_SIMPLE)),
        "9 propertyset_value Payload.PropertySet |", "10 propertysets_value Payload.PropertySetList |",
    ],
    "Payload.DataSet": [
        "1 num_of_columns uint64", "2 columns string*", "3 types uint32*", "4 rows Payload.DataSet.Row*",
    ],
    "Payload.DataSet.Row": ["1 elements Payload.DataSet.DataSetValue*"],
    "Payload.DataSet.DataSetValue": [f"{1 + n} {field} |" for n, field in enumerate(_SIMPLE)],
    "Payload.Template": [
        "1 version string", "2 metrics Payload.Metric*", "3 parameters Payload.Template.Parameter*",
        "4 template_ref string", "5 is_definition bool",
    ],
    "Payload.Template.Parameter": [
        "1 name string", "2 type uint32", *(f"{3 + n} {field} |" for n, field in enumerate(_SIMPLE)),
    ],
}  # fmt: skip
"""`number name type`; `*` repeats, `|` belongs to the message's one value."""


def _declare(message: descriptor_pb2.DescriptorProto, line: str) -> None:
    number, name, kind, *of_value = line.split()
    field = message.field.add(name=name, number=int(number), label=_F.LABEL_OPTIONAL)
    if kind.endswith("*"):
        field.label = _F.LABEL_REPEATED
    scalar = _SCALARS.get(kind.rstrip("*"))
    if scalar is None:
        field.type, field.type_name = _F.TYPE_MESSAGE, f".{_PACKAGE}.{kind.rstrip('*')}"
    else:
        field.type = scalar
    if of_value:
        if not message.oneof_decl:
            message.oneof_decl.add(name=_VALUE)
        field.oneof_index = 0


def _build() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="cellgate_sparkplug_b.proto", package=_PACKAGE, syntax="proto2"
    )
    declared: dict[str, descriptor_pb2.DescriptorProto] = {}
    for path, fields in _MESSAGES.items():
        outer, _, name = path.rpartition(".")
        message = declared[outer].nested_type.add(name=name) if outer else file.message_type.add(name=name)
        declared[path] = message
        for line in fields:
            _declare(message, line)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


PayloadMessage: Final[Any] = _build()
"""The protobuf class of a payload; the other messages are attributes of it and of one another."""
