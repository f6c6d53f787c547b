"""The payloads of Sparkplug B: every datatype both ways, foreign encodings, and bytes that are none."""

from __future__ import annotations

import contextlib
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.sparkplug.datatypes import BITS, SIGNED, Datatype, bounds
from drivers.sparkplug.decode import decode
from drivers.sparkplug.encode import encode
from drivers.sparkplug.payload import DataSet, Metric, Parameter, Payload, Property, Template
from drivers.sparkplug.schema import PayloadMessage
from drivers.sparkplug.values import MalformedPayload, UnsuitableValue, from_unsigned

VECTOR = bytes.fromhex(
    "0880d095ffbc3112150a016d1880d095ffbc31200a69000000000000f83f120e0a046e656738200150fbffffff0f"
    "120f0a056e65673332200350fbffffff0f12140a056e65673634200458fbffffffffffffffff011803"
)
"""What npm `sparkplug-payload` 1.0.3 makes of the payload below."""
PAYLOAD = Payload(
    [
        Metric("m", 1.5, Datatype.DOUBLE, timestamp=1_700_000_000_000),
        Metric("neg8", -5, Datatype.INT8),
        Metric("neg32", -5, Datatype.INT32),
        Metric("neg64", -5, Datatype.INT64),
    ],
    1_700_000_000_000,
    3,
)

U64 = st.integers(0, 2**64 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LISTED = TEXT.filter(lambda text: "\0" not in text)
DOUBLE = st.floats(allow_nan=False)
SINGLE = st.floats(allow_nan=False, width=32)
SIMPLE: dict[Datatype, st.SearchStrategy[Any]] = {
    **{kind: st.integers(*bounds(kind)) for kind in BITS},
    Datatype.FLOAT: SINGLE,
    Datatype.DOUBLE: DOUBLE,
    Datatype.BOOLEAN: st.booleans(),
    Datatype.STRING: TEXT,
    Datatype.TEXT: TEXT,
    Datatype.UUID: st.uuids().map(str),
}


def _tuples(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=17).map(tuple)


ARRAYS: dict[Datatype, st.SearchStrategy[Any]] = {
    Datatype.FLOAT_ARRAY: _tuples(SINGLE),
    Datatype.DOUBLE_ARRAY: _tuples(DOUBLE),
    Datatype.BOOLEAN_ARRAY: _tuples(st.booleans()),
    Datatype.STRING_ARRAY: _tuples(LISTED),
    Datatype.DATETIME_ARRAY: _tuples(U64),
    **{
        Datatype[f"{kind.name}_ARRAY"]: _tuples(st.integers(*bounds(kind)))
        for kind in BITS
        if kind is not Datatype.DATETIME
    },
}


@st.composite
def simple(draw: st.DrawFn) -> tuple[Datatype, Any]:
    kind = draw(st.sampled_from(sorted(SIMPLE)))
    return kind, draw(st.none() | SIMPLE[kind])


@st.composite
def datasets(draw: st.DrawFn) -> DataSet:
    types = tuple(draw(st.lists(st.sampled_from(sorted(SIMPLE)), max_size=4)))
    row = st.tuples(*(st.none() | SIMPLE[kind] for kind in types))
    columns = tuple(f"c{n}" for n in range(len(types)))
    return DataSet(columns, types, tuple(draw(st.lists(row, max_size=3))))


PROPERTIES: st.SearchStrategy[Any] = st.recursive(
    st.dictionaries(TEXT, simple().map(lambda told: Property(*told)), max_size=3),
    lambda inner: st.dictionaries(
        TEXT,
        inner.map(lambda told: Property(Datatype.PROPERTY_SET, told))
        | st.lists(inner, max_size=2).map(lambda told: Property(Datatype.PROPERTY_SET_LIST, tuple(told))),
        max_size=2,
    ),
    max_leaves=4,
)


def _metrics(template: st.SearchStrategy[Template] | None) -> st.SearchStrategy[Metric]:
    kinds: dict[Datatype, st.SearchStrategy[Any]] = {
        **SIMPLE,
        **ARRAYS,
        Datatype.BYTES: st.binary(max_size=20),
        Datatype.FILE: st.binary(max_size=20),
        Datatype.DATASET: datasets(),
    }
    if template is not None:
        kinds[Datatype.TEMPLATE] = template

    @st.composite
    def metric(draw: st.DrawFn) -> Metric:
        kind = draw(st.sampled_from(sorted(kinds)))
        return Metric(
            draw(TEXT),
            draw(st.none() | kinds[kind]),
            kind,
            draw(st.none() | U64),
            draw(st.none() | U64),
            draw(st.booleans()),
            draw(st.booleans()),
            draw(PROPERTIES),
            draw(st.sampled_from([{}, {"file_name": "a.csv", "size": 7, "is_multi_part": False}])),
        )

    return metric()


METRICS = _metrics(
    st.builds(
        Template,
        st.lists(_metrics(None), max_size=2).map(tuple),
        st.lists(st.builds(lambda name, told: Parameter(name, *told), TEXT, simple()), max_size=2).map(tuple),
        TEXT,
        TEXT,
        st.booleans(),
    )
)


@given(st.builds(Payload, st.lists(METRICS, max_size=4), st.none() | U64, st.none() | U64, TEXT, st.binary()))
@example(PAYLOAD)
def test_what_was_encoded_is_decoded(payload: Payload) -> None:
    assert decode(encode(payload)) == payload


def test_bytes_are_those_of_the_foreign_encoder() -> None:
    assert encode(PAYLOAD) == VECTOR
    assert decode(VECTOR) == PAYLOAD


@given(st.sampled_from(sorted(SIGNED)), st.data())
def test_a_signed_integer_is_read_in_any_width(kind: Datatype, data: st.DataObject) -> None:
    value = data.draw(st.integers(*bounds(kind)))
    for width in {BITS[kind], 32, 64}:
        if width >= BITS[kind]:
            assert from_unsigned(kind, value % (1 << width)) == value


@pytest.mark.parametrize(
    ("kind", "raw"),
    [(Datatype.INT8, 0x1FB), (Datatype.UINT8, 256), (Datatype.INT32, 2**33), (Datatype.UINT32, 2**32)],
)
def test_an_integer_of_no_width_is_refused(kind: Datatype, raw: int) -> None:
    with pytest.raises(MalformedPayload, match=kind.name):
        from_unsigned(kind, raw)


@pytest.mark.parametrize(
    ("kind", "field", "raw", "value"),
    [
        (Datatype.UINT32, "long_value", 2**31 + 1, 2**31 + 1),
        (Datatype.INT64, "int_value", 7, 7),
        (Datatype.DATETIME, "int_value", 7, 7),
        (Datatype.DOUBLE, "float_value", 0.5, 0.5),
        (Datatype.FLOAT, "double_value", 0.1, 0.1),
        (Datatype.BOOLEAN, "int_value", 1, True),
    ],
)
def test_foreign_fields_are_read(kind: Datatype, field: str, raw: Any, value: Any) -> None:
    message = PayloadMessage()
    setattr(message.metrics.add(name="x", datatype=kind), field, raw)
    assert decode(message.SerializeToString()).metrics[0].value == value


@pytest.mark.parametrize(
    ("kind", "field", "raw"),
    [
        (Datatype.UINT8, "string_value", "7"),
        (Datatype.STRING, "int_value", 7),
        (Datatype.BOOLEAN, "int_value", 2),
        (Datatype.BYTES, "string_value", "x"),
        (Datatype.INT32_ARRAY, "bytes_value", b"\0\0\0"),
        (Datatype.BOOLEAN_ARRAY, "bytes_value", struct.pack("<IB", 9, 0)),
        (Datatype.STRING_ARRAY, "bytes_value", b"open"),
        (Datatype.STRING_ARRAY, "bytes_value", b"\xff\0"),
        (99, "int_value", 1),
    ],
)
def test_a_fault_stays_with_its_metric(kind: int, field: str, raw: Any) -> None:
    message = PayloadMessage()
    setattr(message.metrics.add(name="bad", datatype=kind), field, raw)
    message.metrics.add(name="good", datatype=Datatype.INT8).int_value = 3
    bad, good = decode(message.SerializeToString()).metrics
    assert bad.value is None
    assert bad.fault
    assert (good.value, good.fault) == (3, "")


def test_data_without_datatypes_is_read_by_what_the_birth_said() -> None:
    message = PayloadMessage()
    message.metrics.add(alias=7).int_value = 0xFB
    message.metrics.add(name="by name").int_value = 0xFFFFFFFB
    message.metrics.add(alias=8).int_value = 0xFB
    read = decode(message.SerializeToString(), {7: Datatype.INT8, "by name": Datatype.INT32})
    assert [metric.value for metric in read.metrics] == [-5, -5, 0xFB]
    assert [metric.fault for metric in read.metrics] == ["", "", ""]


def test_datatypes_can_be_left_to_the_birth() -> None:
    sent = Payload([Metric(alias=7, value=-5, datatype=Datatype.INT8)])
    assert decode(encode(sent, typed=False)).metrics[0].datatype is Datatype.UNKNOWN
    assert decode(encode(sent, typed=False), {7: Datatype.INT8}) == sent


def test_nan_and_infinities_travel() -> None:
    values = [math.nan, math.inf, -math.inf]
    for kind in (Datatype.FLOAT, Datatype.DOUBLE):
        read = decode(encode(Payload([Metric("x", value, kind) for value in values])))
        np.testing.assert_array_equal([metric.value for metric in read.metrics], values)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Datatype.UINT8, -1), (Datatype.INT8, 128), (Datatype.INT32, 1.0), (Datatype.INT32, True),
        (Datatype.FLOAT, 1e39), (Datatype.DOUBLE, "1"), (Datatype.BOOLEAN, 1), (Datatype.STRING, 1),
        (Datatype.BYTES, "x"), (Datatype.TEMPLATE, 1), (Datatype.UINT8_ARRAY, (256,)),
        (Datatype.FLOAT_ARRAY, (1e39,)), (Datatype.BOOLEAN_ARRAY, (1,)), (Datatype.STRING_ARRAY, ("a\0b",)),
        (Datatype.INT8_ARRAY, (1.0,)), (Datatype.DOUBLE_ARRAY, ("x",)), (Datatype.UNKNOWN, 1),
        (Datatype.DATASET, DataSet(("a",), (Datatype.INT8,), ((1, 2),))),
    ],
)  # fmt: skip
def test_an_unsuitable_value_is_refused(kind: Datatype, value: Any) -> None:
    with pytest.raises(UnsuitableValue):
        encode(Payload([Metric("x", value, kind)]))


@given(st.binary(max_size=200))
@example(b"\x12\x04\x0a\x02\xff\xfe")  # a name that is no UTF-8
@example(b"\x12\x03\x0a\x01")  # cut
def test_any_bytes_are_a_payload_or_one_error(data: bytes) -> None:
    with contextlib.suppress(MalformedPayload):
        assert all(metric.value is None for metric in decode(data).metrics if metric.fault)


@given(st.builds(Payload, st.lists(METRICS, min_size=1, max_size=3)), st.data())
def test_damaged_payloads_are_read_or_one_error(payload: Payload, data: st.DataObject) -> None:
    whole = bytearray(encode(payload))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MalformedPayload):
        read = decode(bytes(whole[: data.draw(st.integers(1, len(whole)))]))
        assert all(metric.value is None for metric in read.metrics if metric.fault)


def test_templates_too_deep_are_one_error() -> None:
    inner = Metric("x", 1, Datatype.INT8)
    for _ in range(80):
        inner = Metric("x", Template((inner,)), Datatype.TEMPLATE)
    with pytest.raises(MalformedPayload):
        decode(encode(Payload([inner])))
