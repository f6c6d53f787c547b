"""From protobuf bytes to payloads.

Data and command messages carry aliases alone and no datatypes: `decode` is told what the births said.
Trouble with one metric stays with it (`fault`); bytes that are no payload at all raise one error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.message import DecodeError

from drivers.sparkplug.datatypes import ARRAYS, BLOBS, Datatype
from drivers.sparkplug.payload import (
    DataSet,
    Metric,
    Parameter,
    Payload,
    Properties,
    Property,
    Template,
    Value,
)
from drivers.sparkplug.schema import PayloadMessage
from drivers.sparkplug.values import MalformedPayload, get_scalar, unpack_array

_DATATYPES: Final = {int(kind): kind for kind in Datatype}
_META: Final = (
    "is_multi_part", "content_type", "size", "seq", "file_name", "file_type", "md5", "description",
)  # fmt: skip
_SPOKEN: Final = {
    "template_value": Datatype.TEMPLATE,
    "dataset_value": Datatype.DATASET,
    "bytes_value": Datatype.BYTES,
}
"""What a value is without its datatype, where the field alone says it."""
_NO_PROPERTIES: Final[Properties] = {}
_NO_METADATA: Final[Mapping[str, bool | int | str]] = {}

Known = Mapping[int | str, Datatype]
"""What births said: datatypes by alias and by name."""


def decode(data: bytes, known: Known | None = None) -> Payload:
    """Return what a payload says.

    Args:
        data: protobuf bytes.
        known: datatypes by alias or name, for metrics that do not name theirs.

    Raises:
        MalformedPayload: no payload.
    """
    try:
        message = PayloadMessage.FromString(data)
        return Payload(
            [get_metric(metric, known or {}) for metric in message.metrics],
            message.timestamp if message.HasField("timestamp") else None,
            message.seq if message.HasField("seq") else None,
            message.uuid,
            message.body,
        )
    except (DecodeError, UnicodeDecodeError) as error:
        raise MalformedPayload(f"no Sparkplug payload: {error}") from error


def get_metric(message: Any, known: Known) -> Metric:
    """Return a protobuf metric as an object; what is wrong with its value is its fault."""
    alias = message.alias if message.HasField("alias") else None
    kind, fault = _datatype(message, alias, known)
    value: Value | None = None
    properties = _NO_PROPERTIES
    try:
        if not message.is_null and not fault:
            value = _get_value(message, kind, known)
        if message.HasField("properties"):
            properties = _get_properties(message.properties)
    except (MalformedPayload, UnicodeDecodeError) as error:
        value, fault = None, str(error)
    metadata = _NO_METADATA
    if message.HasField("metadata"):
        told = message.metadata
        metadata = {name: getattr(told, name) for name in _META if told.HasField(name)}
    return Metric(
        message.name,
        value,
        kind,
        alias,
        message.timestamp if message.HasField("timestamp") else None,
        message.is_historical,
        message.is_transient,
        properties,
        metadata,
        fault,
    )


def _datatype(message: Any, alias: int | None, known: Known) -> tuple[Datatype, str]:
    number = message.datatype
    if not number:
        told = known.get(alias) if alias is not None else None
        return told or known.get(message.name, Datatype.UNKNOWN), ""
    kind = _DATATYPES.get(number)
    return (Datatype.UNKNOWN, f"there is no datatype {number}") if kind is None else (kind, "")


def _get_value(message: Any, kind: Datatype, known: Known) -> Value | None:
    if kind is Datatype.UNKNOWN:
        kind = _SPOKEN.get(message.WhichOneof("value"), kind)
    if kind in ARRAYS or kind in BLOBS:
        carried = message.WhichOneof("value")
        if carried != "bytes_value":
            if carried is None:
                return None
            raise MalformedPayload(f"a {carried} is no {kind.name}")
        data: bytes = message.bytes_value
        return unpack_array(kind, data) if kind in ARRAYS else data
    if kind is Datatype.TEMPLATE:
        return _get_template(message.template_value, known) if message.HasField("template_value") else None
    if kind is Datatype.DATASET:
        return _get_dataset(message.dataset_value) if message.HasField("dataset_value") else None
    return get_scalar(message, kind)


def _get_template(message: Any, known: Known) -> Template:
    parameters = tuple(
        Parameter(told.name, _of(told.type), get_scalar(told, _of(told.type))) for told in message.parameters
    )
    return Template(
        tuple(get_metric(metric, known) for metric in message.metrics),
        parameters,
        message.template_ref,
        message.version,
        message.is_definition,
    )


def _get_dataset(message: Any) -> DataSet:
    types = tuple(_of(number) for number in message.types)
    if len(types) != len(message.columns):
        raise MalformedPayload(f"a data set has {len(message.columns)} columns and {len(types)} types")
    rows = []
    for row in message.rows:
        if len(row.elements) != len(types):
            raise MalformedPayload(f"a row of a data set has {len(row.elements)} of {len(types)} values")
        rows.append(tuple(get_scalar(item, kind) for item, kind in zip(row.elements, types, strict=True)))
    return DataSet(tuple(message.columns), types, tuple(rows))


def _get_properties(message: Any) -> Properties:
    if len(message.keys) != len(message.values):
        raise MalformedPayload(f"{len(message.keys)} keys of properties have {len(message.values)} values")
    return {key: _get_property(told) for key, told in zip(message.keys, message.values, strict=True)}


def _get_property(told: Any) -> Property:
    kind = _of(told.type)
    if told.is_null:
        return Property(kind, None)
    if kind is Datatype.PROPERTY_SET:
        return Property(kind, _get_properties(told.propertyset_value))
    if kind is Datatype.PROPERTY_SET_LIST:
        return Property(kind, tuple(_get_properties(one) for one in told.propertysets_value.propertyset))
    return Property(kind, get_scalar(told, kind))


def _of(number: int) -> Datatype:
    kind = _DATATYPES.get(number)
    if kind is None:
        raise MalformedPayload(f"there is no datatype {number}")
    return kind
