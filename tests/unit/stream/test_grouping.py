"""Reports into records: each report once, in its unit's order, under the context of its own time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from control.signal import BAD, GOOD, NOT_A_NUMBER, SAMPLE, STALE, Text
from gateway.batch.context import NO_CONTEXT, Context
from gateway.stream.grouping import Grouping, partition_of
from gateway.stream.records import Draft, Kind, Points, TextPoint, unpack
from tests.unit.stream.sites import small_site

A, B = Context("c-1", "b-1", "growth"), Context("c-1", "b-2", "")


class TwoContexts:
    """u0 is in no context, then from time 100 in A, then from 200 in B; other units never are."""

    def resolve(self, unit: str, source_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        if unit != "u0":
            return np.zeros(len(source_ns), np.int32)
        return np.searchsorted(np.array([100, 200]), source_ns, side="right").astype(np.int32)

    def describe(self, number: int) -> Context:
        return {NO_CONTEXT: Context(), 1: A, 2: B}[number]


def rows(*samples: tuple[int, float, int]) -> npt.NDArray[Any]:
    """Return SAMPLE rows of (tag, value, time)."""
    made = np.zeros(len(samples), SAMPLE)
    for position, (tag, value, time_ns) in enumerate(samples):
        made[position]["tag"], made[position]["value"], made[position]["source_ns"] = tag, value, time_ns
    return made


def grouping(max_points: int = 1000, partitions: int = 1) -> Grouping:
    telemetry = {"max_points": max_points, "partitions": partitions}
    return Grouping(small_site(streams={"telemetry": telemetry}), TwoContexts())


def brief(drafts: list[Draft]) -> list[tuple[str, Context, list[tuple[int, float]]]]:
    return [(draft.unit, draft.context, numbers(unpack(draft.data))) for draft in drafts]


def numbers(points: Points) -> list[tuple[int, float]]:
    return list(zip(points.tag.tolist(), points.value.tolist(), strict=True))


# Tags 0 to 2 are u0's numbers and 3 its text; 4 to 6 are u1's numbers and 7 its text.
def test_a_record_holds_one_unit_and_one_context_in_order() -> None:
    drafts = grouping().drafts(
        rows(
            (4, 1.0, 5), (0, 2.0, 50), (1, 3.0, 150), (0, 4.0, 150), (5, 5.0, 5), (0, 6.0, 60), (2, 7.0, 250)
        ),
        [],
        9,
    )
    assert brief(drafts) == [
        ("u0", Context(), [(0, 2.0), (0, 6.0)]),
        ("u0", A, [(1, 3.0), (0, 4.0)]),
        ("u0", B, [(2, 7.0)]),
        ("u1", Context(), [(4, 1.0), (5, 5.0)]),
    ]
    assert {(draft.kind, draft.created_ns) for draft in drafts} == {(Kind.TELEMETRY, 9)}
    assert [draft.count for draft in drafts] == [2, 2, 1, 2]


def test_a_record_holds_no_more_points_than_allowed() -> None:
    drafts = grouping(max_points=2).drafts(
        rows(*[(0, float(i), 1) for i in range(5)]), [Text(3, f"t{i}", i, GOOD) for i in range(3)], 9
    )
    assert [draft.count for draft in drafts] == [2, 2, 1, 2, 1]
    assert [value for draft in drafts for _, value in numbers(unpack(draft.data))] == [
        0.0,
        1.0,
        2.0,
        3.0,
        4.0,
    ]


def test_nothing_makes_no_record() -> None:
    assert grouping().drafts(rows(), [], 9) == []


def test_texts_have_records_of_their_own() -> None:
    drafts = grouping().drafts(rows((0, 1.0, 150)), [Text(3, "fill", 150, GOOD), Text(7, 2**60, 1, 5, 6)], 9)
    assert [(draft.unit, draft.context) for draft in drafts] == [("u0", A), ("u0", A), ("u1", Context())]
    assert unpack(drafts[1].data).texts == (TextPoint(3, "fill", 150, GOOD),)
    assert unpack(drafts[2].data).texts == (TextPoint(7, 2**60, 1, 5, 6),)


def test_texts_of_one_time_get_ordinals_and_repetitions_are_no_news() -> None:
    maker = grouping()
    said = [Text(3, "a", 1, GOOD), Text(3, "b", 1, GOOD), Text(3, "b", 1, GOOD), Text(3, "c", 2, GOOD)]
    (draft,) = maker.drafts(rows(), said, 9)
    assert [(t.value, t.ordinal) for t in unpack(draft.data).texts] == [("a", 0), ("b", 1), ("c", 0)]
    (draft,) = maker.drafts(rows(), [Text(3, "d", 2, GOOD), Text(3, "e", 2, GOOD)], 10)
    assert [(t.value, t.ordinal) for t in unpack(draft.data).texts] == [("d", 1), ("e", 2)]
    assert maker.drafts(rows(), [Text(3, "e", 2, GOOD)], 11) == []


def test_a_text_without_a_value_is_a_point_without_a_value() -> None:
    (draft,) = grouping().drafts(rows(), [Text(3, None, 5, BAD | STALE, 7)], 9)
    points = unpack(draft.data)
    assert points.texts == ()
    assert np.isnan(points.value).tolist() == [True]
    assert (points.tag[0], points.quality[0], points.source_ns[0], points.status[0]) == (3, BAD | STALE, 5, 7)


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_an_infinity_is_no_value_and_says_so(value: float) -> None:
    sent = rows((0, value, 1), (0, 2.0, 1))
    (draft,) = grouping().drafts(sent, [], 9)
    points = unpack(draft.data)
    assert np.isnan(points.value).tolist() == [True, False]
    assert points.quality.tolist() == [BAD | NOT_A_NUMBER, GOOD]
    assert sent["value"][0] == value, "the caller's rows are not touched"


def test_a_unit_is_always_in_the_same_partition() -> None:
    maker = grouping(partitions=4)
    for time_ns in (1, 2):
        drafts = maker.drafts(rows((0, 1.0, time_ns), (4, 1.0, time_ns)), [], 9)
        assert [draft.partition for draft in drafts] == [partition_of("u0", 4), partition_of("u1", 4)]
    assert [partition_of(f"u{i}", 4) for i in range(6)] == [0, 2, 0, 2, 1, 3], "a contract: never change it"
