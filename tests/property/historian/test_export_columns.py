"""Any points survive the way through Parquet and CSV, equal to the bit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.batch.context import Context
from gateway.completeness import compare
from gateway.export.columns import SCHEMA, points_of, table_of
from gateway.export.export import _CsvWriter
from gateway.export.reading import read_table
from gateway.historian.points import NO_SOURCE, NO_TEXT, Source, StoredPoints

_NAME = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=8)
_TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)
_BIG = st.one_of(st.integers(-(2**63), -(2**53)), st.integers(2**53, 2**64 - 1))


@st.composite
def some_points(draw: st.DrawFn) -> StoredPoints:
    count = draw(st.integers(0, 30))
    tags = draw(st.lists(_NAME, min_size=1, max_size=4, unique=True))
    contexts = draw(
        st.lists(
            st.builds(Context, *[st.one_of(st.just(""), _NAME)] * 3), min_size=1, max_size=3, unique=True
        )
    )
    sources = draw(
        st.lists(
            st.builds(Source, _NAME, st.integers(1, 2**62), st.integers(0, 63)),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    texts = draw(st.lists(st.one_of(_TEXT, _BIG), max_size=4))

    def column(values: st.SearchStrategy[Any], dtype: type[np.generic]) -> np.ndarray[Any, Any]:
        return np.array(draw(st.lists(values, min_size=count, max_size=count)), dtype)

    known = draw(st.booleans())
    value = column(st.floats(allow_infinity=False), np.float64)
    text = column(st.integers(-1, len(texts) - 1), np.int32)
    value[text != NO_TEXT] = np.nan
    return StoredPoints.of(
        tags,
        sources=sources if known else (),
        contexts=contexts,
        texts=texts,
        tag=column(st.integers(0, len(tags) - 1), np.int32),
        value=value,
        quality=column(st.integers(0, 2**32 - 1), np.uint32),
        source_ns=column(st.integers(-(2**62), 2**62), np.int64),
        status=column(st.integers(0, 2**32 - 1), np.uint32),
        ordinal=column(st.integers(0, 2**32 - 1), np.uint32),
        source=column(st.integers(0, len(sources) - 1), np.int32) if known else np.full(count, NO_SOURCE),
        sequence=column(st.integers(1, 2**62), np.int64) if known else np.zeros(count),
        row=np.arange(count) if known else np.zeros(count),
        context=column(st.integers(0, len(contexts) - 1), np.int32),
        text=text,
    )


@settings(max_examples=40)
@given(some_points())
def test_points_come_back_from_parquet_and_csv_equal_to_the_bit(points: StoredPoints) -> None:
    table = table_of(points, dict.fromkeys(points.tags, "degC"))
    with tempfile.TemporaryDirectory() as folder:
        parquet, csv = Path(folder, "points.parquet"), Path(folder, "points.csv")
        pyarrow.parquet.write_table(table, parquet)
        with _CsvWriter(csv) as writer:
            writer.write_table(table)
        for path in (parquet, csv):
            same(points, points_of(read_table(path)))


def same(ours: StoredPoints, theirs: StoredPoints) -> None:
    """Compare as the proof of completeness does, and then row by row, for rows keep their order."""
    assert len(ours) == len(theirs)
    if (ours.source != NO_SOURCE).all() and len(
        set(zip(ours.source, ours.sequence, ours.row, strict=True))
    ) == len(ours):
        assert compare(ours, theirs).whole
    nan = np.isnan(ours.value)
    assert (nan == np.isnan(theirs.value)).all()
    assert (ours.value[~nan].view(np.int64) == theirs.value[~nan].view(np.int64)).all()
    for name in ("quality", "source_ns", "status", "ordinal", "sequence", "row"):
        assert (getattr(ours, name) == getattr(theirs, name)).all(), name
    assert [ours.tags[t] for t in ours.tag] == [theirs.tags[t] for t in theirs.tag]
    assert [ours.contexts[c] for c in ours.context] == [theirs.contexts[c] for c in theirs.context]
    for left, right in zip(named(ours), named(theirs), strict=True):
        assert left == right


def named(points: StoredPoints) -> list[tuple[Source | None, str | int | None]]:
    return [
        (points.sources[s] if s != NO_SOURCE else None, points.texts[t] if t != NO_TEXT else None)
        for s, t in zip(points.source.tolist(), points.text.tolist(), strict=True)
    ]


def test_the_schema_is_what_is_promised() -> None:
    assert SCHEMA.names[:6] == ["tag", "time", "value", "unit", "quality", "quality_bits"]
    assert str(SCHEMA.field("time").type) == "timestamp[ns, tz=UTC]"
