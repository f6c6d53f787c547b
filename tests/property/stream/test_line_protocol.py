"""Whatever is encoded comes back, equal to the bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from control.signal import SAMPLE
from gateway.batch.context import Context
from gateway.stream.line_decoder import Decoder
from gateway.stream.line_protocol import Header, encode, prefixes
from gateway.stream.records import Points, TextPoint, pack, unpack

U32 = st.integers(0, 2**32 - 1)
TIMES = st.integers(-(2**63) + 2, 2**63 - 1)
VALUES = st.one_of(
    st.floats(allow_infinity=False),
    st.sampled_from(
        [0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1e308, 1.7976931348623157e308, 0.1]
    ),
)
QUALITIES = st.one_of(st.sampled_from([0, 0x4000_0000, 0x8000_0001]), U32)
STRINGS = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\\"), min_size=1),
    min_size=1,
    max_size=5,
    unique=True,
)
CONTEXTS = st.builds(Context, STRINGS, STRINGS, STRINGS)


@st.composite
def points(draw: st.DrawFn, names: int) -> Points:
    tags = st.integers(0, names - 1)
    row = st.tuples(VALUES, TIMES, tags, QUALITIES, st.one_of(st.just(0), U32), st.one_of(st.just(0), U32))
    rows = np.array(draw(st.lists(row, max_size=30)), SAMPLE)
    value = st.one_of(STRINGS, st.integers(-(2**63), 2**64 - 1))
    texts = draw(st.lists(st.builds(TextPoint, tags, value, TIMES, QUALITIES, U32, U32), max_size=5))
    return Points.of_rows(rows, texts)


def same(one: Points, other: Points) -> None:
    for name in ("tag", "quality", "source_ns", "status", "ordinal"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(np.isnan(one.value), np.isnan(other.value))
    there = ~np.isnan(one.value)
    np.testing.assert_array_equal(one.value[there].view(np.uint64), other.value[there].view(np.uint64))
    assert one.texts == other.texts


@settings(max_examples=200)
@given(st.data(), NAMES, CONTEXTS, STRINGS)
def test_a_message_comes_back(data: st.DataObject, names: list[str], context: Context, config: str) -> None:
    sent = data.draw(points(len(names)))
    header = Header("gw-1", 3, 2**62, 2**53 + 1, 1, config)
    message = Decoder(names.index).decode(encode(header, sent, prefixes(names), context))
    same(message.points, sent)
    assert message.context == (context if len(sent) else Context())
    assert (message.header.epoch, message.header.sequence) == (2**62, 2**53 + 1)
    assert (message.header.gateway, message.header.config) == ("gw-1", config)


@settings(max_examples=100)
@given(points(4))
def test_a_record_comes_back(sent: Points) -> None:
    same(unpack(pack(sent)), sent)
