"""The compiled lines are those that plain Python writes, one after the other."""

from __future__ import annotations

import math

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.signal import SAMPLE
from gateway.batch.context import Context
from gateway.stream.line_protocol import Header, encode, prefixes
from gateway.stream.records import Points
from tests.property.stream.test_line_protocol import U32, VALUES

NAMES = ["br1/a", "br1/b c", "br1/d,e=f", "ü/µ"]
ESCAPED = ["br1/a", "br1/b\\ c", "br1/d\\,e\\=f", "ü/µ"]
CONTEXT = Context("c 1", 'b"1', "")
TIMES = st.one_of(st.just(1_700_000_000_000_000_000), st.integers(-(2**63), 2**63 - 1))
CODES = st.one_of(st.just(0), U32)
DECIMALS = st.builds(
    lambda number, places: number / 10**places, st.integers(-(10**9), 10**9), st.integers(0, 6)
)
INFINITE = st.sampled_from([math.inf, -math.inf])
"""Line protocol has no way to write them: the point keeps its quality and has no value."""
ROWS = st.lists(
    st.tuples(st.one_of(VALUES, DECIMALS, INFINITE), TIMES, st.integers(0, 3), CODES, CODES, CODES),
    min_size=1,
    max_size=40,
)


def line(row: tuple[float, int, int, int, int, int]) -> str:
    """Return a point's line, written down from the format's description."""
    value, time_ns, tag, quality, status, ordinal = row
    key = f"cellgate,name={ESCAPED[tag]}" + (f",ordinal={ordinal}" if ordinal else "")
    fields = [f"value={orjson.dumps(value).decode()}"] if math.isfinite(value) else []
    fields += [f"quality={quality}i", *([f"status={status}i"] if status else [])]
    fields += ['campaign="c 1"', 'batch="b\\"1"']
    return f"{key} {','.join(fields)} {time_ns}\n"


@settings(max_examples=300)
@given(ROWS)
def test_lines_are_as_described(rows: list[tuple[float, int, int, int, int, int]]) -> None:
    sent = Points.of_rows(np.array(rows, SAMPLE))
    payload = encode(Header("gw1", 0, 1, 1, 0, ""), sent, prefixes(NAMES), CONTEXT)
    assert payload.decode().split("\n", 1)[1] == "".join(line(row) for row in rows)


@pytest.mark.parametrize("tag", [-1, 4, 2**31 - 1])
def test_a_tag_without_a_name_is_an_error(tag: int) -> None:
    sent = Points.of_rows(np.array([(1.0, 0, tag, 0, 0, 0)], SAMPLE))
    with pytest.raises(IndexError, match="none of 4 names"):
        encode(Header("gw1", 0, 1, 1, 0, ""), sent, prefixes(NAMES), CONTEXT)
