"""From payloads to protobuf bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.sparkplug.datatypes import ARRAYS, BLOBS, Datatype
from drivers.sparkplug.payload import DataSet, Metric, Payload, Properties, Template, Value
from drivers.sparkplug.schema import PayloadMessage
from drivers.sparkplug.values import UnsuitableValue, pack_array, set_scalar


def encode(payload: Payload, *, typed: bool = True) -> bytes:
    """Return a payload's bytes.

    `typed=False` leaves the datatypes out, as data and commands may: the birth has said them.

    Raises:
        UnsuitableValue: a value that its datatype cannot hold.
    """
    message = PayloadMessage()
    if payload.timestamp is not None:
        message.timestamp = payload.timestamp
    if payload.seq is not None:
        message.seq = payload.seq
    if payload.uuid:
        message.uuid = payload.uuid
    if payload.body:
        message.body = payload.body
    for metric in payload.metrics:
        put_metric(message.metrics.add(), metric, typed=typed)
    return bytes(message.SerializeToString())


def put_metric(message: Any, metric: Metric, *, typed: bool = True) -> None:
    """Fill in a protobuf metric.

    Raises:
        UnsuitableValue: its datatype cannot hold the value.
    """
    if metric.name:
        message.name = metric.name
    if metric.alias is not None:
        message.alias = metric.alias
    if metric.timestamp is not None:
        message.timestamp = metric.timestamp
    if typed and metric.datatype is not Datatype.UNKNOWN:
        message.datatype = metric.datatype
    if metric.is_historical:
        message.is_historical = True
    if metric.is_transient:
        message.is_transient = True
    for name, value in metric.metadata.items():
        setattr(message.metadata, name, value)
    if metric.properties:
        _put_properties(message.properties, metric.properties)
    if metric.value is None:
        message.is_null = True
    else:
        put_value(message, metric.datatype, metric.value)


def put_value(message: Any, kind: Datatype, value: Value) -> None:
    """Put a value into a protobuf metric that may or may not name its datatype.

    Raises:
        UnsuitableValue: the datatype cannot hold it.
    """
    if isinstance(value, Template):
        _put_template(message.template_value, value)
    elif isinstance(value, DataSet):
        _put_dataset(message.dataset_value, value)
    elif kind in ARRAYS and isinstance(value, tuple):
        message.bytes_value = pack_array(kind, value)
    elif kind in BLOBS and isinstance(value, bytes):
        message.bytes_value = value
    else:
        set_scalar(message, kind, value)


def _put_properties(message: Any, properties: Properties) -> None:
    for key, item in properties.items():
        message.keys.append(key)
        told = message.values.add(type=item.datatype)
        if item.value is None:
            told.is_null = True
        elif isinstance(item.value, Mapping):
            _put_properties(told.propertyset_value, item.value)
            told.propertyset_value.SetInParent()
        elif isinstance(item.value, tuple):
            told.propertysets_value.SetInParent()
            for one in item.value:
                _put_properties(told.propertysets_value.propertyset.add(), one)
        else:
            set_scalar(told, item.datatype, item.value)


def _put_template(message: Any, template: Template) -> None:
    if template.version:
        message.version = template.version
    message.is_definition = template.is_definition
    if template.reference:
        message.template_ref = template.reference
    for metric in template.metrics:
        put_metric(message.metrics.add(), metric)
    for parameter in template.parameters:
        told = message.parameters.add(name=parameter.name, type=parameter.datatype)
        if parameter.value is not None:
            set_scalar(told, parameter.datatype, parameter.value)


def _put_dataset(message: Any, table: DataSet) -> None:
    if len(table.types) != len(table.columns) or any(len(row) != len(table.types) for row in table.rows):
        raise UnsuitableValue("a data set needs a type for each column, and a value in each row")
    message.num_of_columns = len(table.columns)
    message.columns.extend(table.columns)
    message.types.extend(table.types)
    for row in table.rows:
        told = message.rows.add()
        for kind, value in zip(table.types, row, strict=True):
            element = told.elements.add()
            if value is not None:
                set_scalar(element, kind, value)
