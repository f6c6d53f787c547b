"""Whatever a column holds, it comes back equal to the bit."""

from __future__ import annotations

import math
import struct
import zlib

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.historian import chunks, integers
from gateway.historian.points import Source, StoredPoints
from gateway.kernels.chunk_packing import pack_integers

INTEGERS = st.integers(-(2**63), 2**63 - 1)
BITS = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
READINGS = st.builds(
    lambda digits, places: digits / 10**places, st.integers(-(10**7), 10**7), st.integers(0, 7)
)
VALUES = st.one_of(BITS.filter(math.isfinite), READINGS, st.sampled_from([0.0, -0.0, 1e300, 5e-324]))


def packed(part: list[int]) -> bytes:
    column, rest = np.array(part, np.int64), np.empty(len(part), np.uint64)
    out = np.full(33 + 8 * len(part), 0xEE, np.uint8)
    with np.errstate(over="ignore"):
        end = pack_integers(out, 4, column, rest, len(part))
    assert end <= 29 + 8 * len(part)
    assert {*out[:4].tolist(), *out[end:].tolist()} == {0xEE}
    return out[4:end].tobytes()


@given(st.lists(INTEGERS, min_size=1, max_size=40))
def test_any_integers(part: list[int]) -> None:
    column, end = integers.decode(memoryview(data := packed(part)), 0, len(part))
    assert column.tolist() == part
    assert end == len(data)


@given(
    first=INTEGERS,
    step=st.integers(-(10**10), 10**10),
    jitter=st.lists(st.integers(0, 1000), min_size=2, max_size=50),
)
def test_steps_with_a_common_divisor(first: int, step: int, jitter: list[int]) -> None:
    whole = [first + step * i + 1_000_000 * j for i, j in enumerate(jitter)]
    part = [(n + 2**63) % 2**64 - 2**63 for n in whole]
    decoded, _ = integers.decode(memoryview(data := packed(part)), 0, len(part))
    assert decoded.tolist() == part
    assert len(data) <= 25 + 2 * len(part)


@given(st.lists(READINGS, min_size=1, max_size=60), st.integers(0, 3))
def test_readings_with_few_decimals_are_small_integers(readings: list[float], places: int) -> None:
    value: npt.NDArray[np.float64] = np.round(readings, places) + 0.0  # no minus zero
    (chunk,) = chunks.build(StoredPoints.of(("a",), tag=np.zeros(len(value)), value=value))
    form = zlib.decompress(chunk.data)[1] if chunk.data[:1] == b"x" else chunk.data[6]
    assert form <= places


POINT = st.tuples(
    st.integers(0, 3),  # tag
    st.one_of(VALUES, st.just(math.nan)),
    st.integers(0, 2**32 - 1),  # quality
    st.integers(-(2**40), 2**62),  # source_ns
    st.integers(0, 2**32 - 1),  # status
    st.integers(0, 5),  # ordinal
    st.integers(0, 2),  # source
    st.integers(1, 2**40),  # sequence
    st.integers(0, 1000),  # row
    st.one_of(st.none(), st.text(max_size=5), st.integers(2**53, 2**64 - 1), st.integers(-(2**63), -(2**53))),
)


@settings(max_examples=60)
@given(st.lists(POINT, min_size=1, max_size=60))
def test_chunks_give_back_every_column(rows: list[tuple[object, ...]]) -> None:
    tag, value, quality, source_ns, status, ordinal, source, sequence, row, texts = zip(*rows, strict=True)
    known = [text for text in texts if text is not None]
    number = iter(range(len(known)))
    points = StoredPoints.of(
        ("a", "b", "c", "d"),
        sources=[Source("g", 1, p) for p in range(3)],
        texts=known,
        tag=tag,
        value=value,
        quality=np.array(quality, np.uint32),
        source_ns=np.array(source_ns, np.int64),
        status=np.array(status, np.uint32),
        ordinal=ordinal,
        source=source,
        sequence=np.array(sequence, np.int64),
        row=row,
        text=[-1 if text is None else next(number) for text in texts],
    )
    built = chunks.build(points)
    points = points.ordered()
    position = 0
    for chunk in built:
        part = points.take(slice(position, position + chunk.points))
        opened = chunks.open_chunk(chunk.data, chunk.points, detail=True)
        bare = chunks.open_chunk(chunk.data, chunk.points, detail=False)
        assert set(part.tag.tolist()) == {chunk.tag}
        assert bare.value.tobytes() == opened.value.tobytes()
        assert np.array_equal(opened.value, part.value, equal_nan=True)
        assert np.array_equal(np.signbit(opened.value), np.signbit(part.value)) or np.isnan(part.value).any()
        assert opened.source_ns.tolist() == part.source_ns.tolist()
        assert opened.quality.tolist() == part.quality.tolist()
        for name, column in opened.detail.items():
            assert column.tolist() == getattr(part, name).tolist(), name
        expected = {i: part.texts[t] for i, t in enumerate(part.text.tolist()) if t >= 0}
        assert opened.texts == expected
        position += chunk.points
    assert position == len(points)
