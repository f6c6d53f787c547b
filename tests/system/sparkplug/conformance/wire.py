"""Payloads read from the bare protobuf wire, field by field: nothing of what is under test helps."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Fields = dict[int, list[Any]]


def fields(data: bytes) -> Fields:
    """Return the fields of a message: integers as they are, everything else as bytes.

    Raises:
        ValueError: it is no message.
    """
    found: Fields = {}
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire_type = key >> 3, key & 7
        value: int | bytes
        if wire_type == 0:
            value, at = _varint(data, at)
        elif wire_type in (1, 5):
            size = 8 if wire_type == 1 else 4
            value, at = data[at : at + size], at + size
        elif wire_type == 2:
            size, at = _varint(data, at)
            value, at = data[at : at + size], at + size
        else:
            raise ValueError(f"wire type {wire_type}")
        if at > len(data):
            raise ValueError("cut")
        found.setdefault(number, []).append(value)
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise ValueError("cut")
        byte, at = data[at], at + 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def _one(found: Fields, number: int) -> Any:
    return found[number][-1] if number in found else None


def _text(found: Fields, number: int) -> str | None:
    raw = _one(found, number)
    return None if raw is None else raw.decode()


@dataclass(frozen=True)
class Property:
    """A property value: its type as sent, whether it is null, and the field that carries it."""

    type: int | None
    null: bool
    carried: int | None
    raw: Any


@dataclass(frozen=True)
class Parameter:
    """A template's parameter."""

    name: str | None
    type: int | None
    carried: int | None


@dataclass(frozen=True)
class Template:
    """A template, as sent."""

    version: str | None
    metrics: list[Metric]
    parameters: list[Parameter]
    reference: str | None
    is_definition: bool | None


@dataclass(frozen=True)
class DataSet:
    """A data set, as sent."""

    size: int | None
    columns: list[str]
    types: list[Any]
    rows: list[list[int | None]]
    """For each element the field that carries it."""


@dataclass(frozen=True)
class Metric:
    """A metric, as sent; None is what was left out."""

    name: str | None
    alias: int | None
    timestamp: int | None
    datatype: int | None
    historical: bool
    null: bool
    keys: list[str]
    values: list[Property]
    carried: int | None
    raw: Any

    @property
    def template(self) -> Template | None:
        """Its template, if it carries one."""
        return _template(self.raw) if self.carried == 18 else None

    @property
    def dataset(self) -> DataSet | None:
        """Its data set, if it carries one."""
        return _dataset(self.raw) if self.carried == 17 else None

    @property
    def quality(self) -> Property | None:
        """Its quality, if it says one."""
        return dict(zip(self.keys, self.values, strict=False)).get("Quality")


@dataclass(frozen=True)
class Payload:
    """A payload, as sent."""

    timestamp: int | None
    seq: int | None
    metrics: list[Metric] = field(default_factory=list)

    @classmethod
    def of(cls, data: bytes) -> Payload:
        """Read one."""
        found = fields(data)
        return cls(_one(found, 1), _one(found, 3), [_metric(raw) for raw in found.get(2, [])])

    def all_metrics(self) -> Iterator[Metric]:
        """Yield every metric, members of templates included."""
        waiting = list(self.metrics)
        while waiting:
            metric = waiting.pop(0)
            yield metric
            if metric.template is not None:
                waiting += metric.template.metrics


def _carried(found: Fields, numbers: range) -> tuple[int | None, Any]:
    for number in numbers:
        if number in found:
            return number, found[number][-1]
    return None, None


def _metric(data: bytes) -> Metric:
    found = fields(data)
    carried, raw = _carried(found, range(10, 20))
    properties = fields(_one(found, 9) or b"")
    return Metric(
        _text(found, 1),
        _one(found, 2),
        _one(found, 3),
        _one(found, 4),
        bool(_one(found, 5)),
        bool(_one(found, 7)),
        [key.decode() for key in properties.get(1, [])],
        [_property(value) for value in properties.get(2, [])],
        carried,
        raw,
    )


def _property(data: bytes) -> Property:
    found = fields(data)
    carried, raw = _carried(found, range(3, 12))
    return Property(_one(found, 1), bool(_one(found, 2)), carried, raw)


def _template(data: bytes) -> Template:
    found = fields(data)
    parameters = []
    for raw in found.get(3, []):
        told = fields(raw)
        parameters.append(Parameter(_text(told, 1), _one(told, 2), _carried(told, range(3, 10))[0]))
    is_definition = _one(found, 5)
    return Template(
        _text(found, 1),
        [_metric(raw) for raw in found.get(2, [])],
        parameters,
        _text(found, 4),
        None if is_definition is None else bool(is_definition),
    )


def _dataset(data: bytes) -> DataSet:
    found = fields(data)
    rows = [
        [_carried(fields(element), range(1, 8))[0] for element in fields(row).get(1, [])]
        for row in found.get(4, [])
    ]
    types: list[Any] = []
    for raw in found.get(3, []):
        types += [raw] if isinstance(raw, int) else list(raw)  # packed: small numbers, one byte each
    return DataSet(_one(found, 1), [column.decode() for column in found.get(2, [])], types, rows)


def double(raw: bytes) -> float:
    """Return the double of eight bytes."""
    value: float = struct.unpack("<d", raw)[0]
    return value
