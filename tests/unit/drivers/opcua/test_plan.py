"""Planning: what is followed, what is polled, what can be neither; how much goes into a request."""

from __future__ import annotations

import pytest
from asyncua import ua

from config.tags import Access, Tag
from drivers.api import TagRef, Write
from drivers.opcua.codec import NotEncodableError, encode
from drivers.opcua.plan import MOST, UNKNOWN_LIMIT, Polling, Slices, make_plan
from drivers.opcua.writing import _result, _without_repeats
from tests.unit.drivers.opcua.plant import device, ref


def test_followed_polled_and_written_are_told_apart() -> None:
    refs = [
        ref(4, "followed"),
        ref(7, "polled", poll=True, period=3.0),
        ref(9, "set", access=Access.WRITE),
        TagRef(11, "u/none", Tag(device="d")),
        ref(12, ""),
    ]
    plan = make_plan(device(1), refs)
    assert [item.tag for item in plan.followed] == [4]
    assert [(item.tag, item.period_s) for item in plan.polled] == [(7, 3.0)]
    assert [item.tag for item in plan.items] == [4, 7, 9]
    assert plan.tag_of.tolist() == [4, 7, 9]
    assert sorted(plan.refused) == [11, 12]
    assert make_plan(device(1, subscribe=False), refs).followed == ()


def test_the_queue_holds_what_one_interval_brings() -> None:
    settings = device(1, publishing_interval=1.0, queue_size=4)
    plan = make_plan(settings, [ref(0, "slow"), ref(1, "fast", period=0.1)])
    assert [item.queue_size for item in plan.items] == [4, 20]
    assert [item.period_s for item in plan.items] == [1.0, 0.1]


def test_slices_follow_the_server_and_learn() -> None:
    assert Slices().size == UNKNOWN_LIMIT
    assert Slices(7).size == 7
    assert Slices(1_000_000).size == MOST
    slices, sizes = Slices(9), []
    while slices.halve():
        sizes.append(slices.size)
    assert sizes == [4, 2, 1]


def test_polls_keep_their_deadlines() -> None:
    fast, slow = make_plan(
        device(1, subscribe=False), [ref(0, "f", period=1.0), ref(1, "s", period=5.0)]
    ).items
    polling = Polling([fast, slow], 100.0)
    assert polling.take(100.0) == [fast, slow]
    assert polling.take(100.5) == []
    assert polling.take(100.95) == [fast]  # a hair early is on time, and moves no deadline
    assert polling.take(102.0) == [fast]
    assert polling.next == 103.0
    assert polling.take(109.0) == [fast, slow]
    assert polling.next == 109.0  # what was missed is not made up for
    assert Polling([], 0.0).next == float("inf")


@pytest.mark.parametrize(
    ("value", "kind", "wrote"),
    [
        (1, "Boolean", 1.0),
        (2.5, "Int16", 2),
        (-3.5, "Int16", -4),
        (2**63, "UInt64", 2**63),
        (-(2**63), "Int64", -(2**63)),
        (0.1, "Float", 0.10000000149011612),
        (1e300, "Double", 1e300),
        ("on", "String", "on"),
        ("on", "LocalizedText", "on"),
    ],
)
def test_values_are_encoded_in_the_nodes_type(value: float | str, kind: str, wrote: float | str) -> None:
    variant, held = encode(value, ua.VariantType[kind])
    assert variant.VariantType is ua.VariantType[kind]
    assert held == wrote


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (float("nan"), "Double"),
        (float("inf"), "Float"),
        (1e39, "Float"),
        (2, "Boolean"),
        (-1, "Byte"),
        (2**64, "UInt64"),
        ("on", "Double"),
        (1.0, "String"),
        (1.0, "DateTime"),
    ],
)
def test_what_does_not_fit_is_refused(value: float | str, kind: str) -> None:
    with pytest.raises(NotEncodableError):
        encode(value, ua.VariantType[kind])


def test_a_tags_second_value_waits_for_its_first() -> None:
    writes = [Write(1, 1.0), Write(2, 1.0), Write(1, 2.0), Write(3, 1.0), Write(1, 3.0)]
    assert [[write.tag for write in run] for run in _without_repeats(writes)] == [[1, 2], [1, 3], [1]]


def test_a_clamped_value_is_not_what_was_asked() -> None:
    assert _result(Write(1, 5.0), 0, 5.0).error is None
    assert _result(Write(1, 5.0), 0x002E_0000, 5.0).error is None  # it completes later
    clamped = _result(Write(1, 5.0), 0x0030_0000, 5.0)
    assert clamped.error is not None
    assert "GoodClamped" in clamped.error
    refused = _result(Write(1, 5.0), 0x8074_0000, 5.0)
    assert (refused.error, refused.status) == (
        "the device refused the value: BadTypeMismatch (0x80740000)",
        0x8074_0000,
    )
