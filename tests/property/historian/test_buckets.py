"""Buckets made from chunks and points agree with a loop over the points."""

from __future__ import annotations

import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.historian.buckets import Buckets, Grid
from gateway.historian.embedded import EmbeddedStore
from gateway.historian.embedded_reader import EmbeddedReader
from tests.messages import START_NS, Sample, stored

SECOND = 10**9
SAMPLES = st.lists(
    st.tuples(
        st.integers(0, 200_000),
        st.one_of(st.integers(-50, 50).map(float), st.just(math.nan)),
        st.sampled_from([0, 0x40000001, 0x80000001]),
    ),
    min_size=1,
    max_size=60,
)


def expected(samples: list[tuple[int, float, int]], grid: Grid) -> dict[str, list[float]]:
    columns: dict[str, list[float]] = {name: [] for name in ("count", "least", "greatest", "mean", "quality")}
    for bucket in range(grid.count):
        start = grid.start_ns + bucket * grid.width_ns
        inside = [(v, q) for t, v, q in samples if start <= t < start + grid.width_ns]
        values = [v for v, _ in inside if not math.isnan(v)]
        columns["count"].append(len(inside))
        columns["least"].append(min(values, default=math.nan))
        columns["greatest"].append(max(values, default=math.nan))
        columns["mean"].append(sum(values) / len(values) if values else math.nan)
        columns["quality"].append(max((q for _, q in inside), default=0))
    return columns


def check(buckets: Buckets, samples: list[tuple[int, float, int]]) -> None:
    for name, column in expected(samples, buckets.grid).items():
        np.testing.assert_allclose(getattr(buckets, name), column, rtol=1e-12, err_msg=name)
    for bucket, start in enumerate(buckets.grid.starts().tolist()):
        inside = [(t, v) for t, v, _ in samples if start <= t < start + buckets.grid.width_ns and v == v]
        if inside:
            assert buckets.first[bucket] in [v for t, v in inside if t == min(inside)[0]]
            assert buckets.last[bucket] in [v for t, v in inside if t == max(inside)[0]]
        else:
            assert math.isnan(buckets.first[bucket])
            assert math.isnan(buckets.last[bucket])


@settings(max_examples=25)
@given(
    parts=st.lists(SAMPLES, min_size=1, max_size=4),
    start=st.integers(-1000, 150_000),
    length=st.integers(1, 250_000),
    count=st.integers(1, 40),
)
def test_buckets_of_the_embedded_store(
    parts: list[list[tuple[int, float, int]]], start: int, length: int, count: int
) -> None:
    """The parts are written one after the other: chunks overlap in time, and span days."""
    absolute = [[(START_NS + t * SECOND, v, q) for t, v, q in part] for part in parts]
    with TemporaryDirectory() as name:
        store = EmbeddedStore(Path(name))
        for number, part in enumerate(absolute, 1):
            samples = [Sample("br1/a", v, t, q, ordinal=i) for i, (t, v, q) in enumerate(part)]
            assert not store.write([stored(number, samples)]).keep
        store.close()
        reader = EmbeddedReader(Path(name))
        grid = Grid.over(START_NS + start * SECOND, START_NS + (start + length) * SECOND, count)
        (buckets,) = reader.buckets(["br1/a"], grid)
        reader.close()
    check(buckets, [sample for part in absolute for sample in part])
