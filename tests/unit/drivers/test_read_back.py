"""What was written is judged by what is read back, whatever is written meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from control.signal import BAD, GOOD, Columns, Text
from drivers.api import Holds, Write, WriteResult
from drivers.read_back import Verifications
from drivers.statistics import Statistics
from drivers.writes import Order


def seen(values: Mapping[int, float | None], texts: Sequence[Text] = ()) -> Columns:
    columns = Columns.filled(np.array(list(values), np.int32), quality=GOOD, source_ns=0, value=0.0)
    columns.value[:] = [np.nan if value is None else value for value in values.values()]
    columns.quality[[value is None for value in values.values()]] = BAD
    return Columns(
        columns.tag, columns.value, columns.quality, columns.source_ns, columns.status, tuple(texts)
    )


class Waiting:
    """Orders whose writes a device has answered, all of them good."""

    def __init__(self) -> None:
        self.statistics = Statistics()
        self.verifications = Verifications(self.statistics)

    def write(self, *writes: Write, wrote: float | None = None, due: float = 0.0) -> Order:
        order = Order(writes)
        results = [WriteResult(write.tag, wrote=wrote) for write in writes]
        tags = tuple(dict.fromkeys(write.tag for write in writes))
        self.verifications.add(order, results, tags, due)
        return order

    def judge(self, values: Mapping[int, float | None], texts: Sequence[Text] = ()) -> None:
        self.verifications.judge(self.verifications.next(100), seen(values, texts))


def said(order: Order) -> list[tuple[str | None, bool]]:
    return [(result.error, result.verified) for result in order.done.result()]


async def test_texts_roundings_and_bad_quality() -> None:
    waiting = Waiting()
    order = Order((Write(0, 0.1000001), Write(1, 2**60 + 1), Write(2, 0.1), Write(3, 1.0)))
    results = [WriteResult(0, wrote=0.1), WriteResult(1), WriteResult(2), WriteResult(3, "refused")]
    waiting.verifications.add(order, results, (0, 1, 2), 0.0)
    waiting.judge({0: 0.1, 2: None}, [Text(1, 2**60 + 1, 0, GOOD)])
    assert said(order) == [
        (None, True), (None, True), ("wrote 0.1, read back nothing good", False), ("refused", False),
    ]  # fmt: skip
    assert (waiting.statistics.writes_verified, waiting.statistics.writes_differing) == (2, 1)


async def test_the_last_write_of_a_tag_counts() -> None:
    waiting = Waiting()
    order = waiting.write(Write(0, 1.0), Write(0, 2.0))
    waiting.judge({0: 2.0})
    assert said(order) == [(None, False), (None, True)]


async def test_a_value_that_was_overtaken_is_no_mistake() -> None:
    waiting = Waiting()
    first, second, third = (waiting.write(Write(0, value)) for value in (1.0, 2.0, 3.0))
    waiting.judge({0: 2.0})
    assert (said(first), said(second)) == ([(None, False)], [(None, True)])
    assert not third.done.done()
    waiting.judge({0: 2.0})
    assert third.done.result() == [WriteResult(0, "wrote 3.0, read back 2.0", holds=Holds.ANOTHER)]


async def test_a_device_that_has_none_of_the_values_is_told_of_at_once() -> None:
    waiting = Waiting()
    first, second = waiting.write(Write(0, 1.0)), waiting.write(Write(0, 2.0))
    waiting.judge({0: 9.0})
    assert said(first) == [("wrote 1.0, read back 9.0", False)]
    assert not second.done.done()


async def test_part_of_an_order_is_looked_at_and_the_rest_later() -> None:
    waiting = Waiting()
    order = waiting.write(*(Write(tag, 1.0) for tag in range(3)), due=7.0)
    assert waiting.verifications.next(2) == (0, 1)
    waiting.verifications.judge((0, 1), seen({0: 1.0, 1: 1.0}))
    assert (order.done.done(), waiting.verifications.due) == (False, 7.0)
    assert waiting.verifications.next(2) == (2,)
    waiting.verifications.give_up_next("gone")
    assert said(order) == [
        (None, True), (None, True), ("written, but not verified: gone", False),
    ]  # fmt: skip
    assert waiting.verifications.due is None


STEPS = st.lists(st.one_of(st.tuples(st.integers(0, 2), st.integers(0, 3)), st.integers(0, 4)), max_size=40)


@given(steps=STEPS)
async def test_a_device_that_follows_is_never_called_wrong(
    steps: list[tuple[int, int] | int],
) -> None:
    """It takes the values in their order, as late as it likes within the time; every order is answered."""
    waiting = Waiting()
    ahead: dict[int, list[float]] = {tag: [] for tag in range(3)}
    holds = dict.fromkeys(range(3), -1.0)
    orders: list[Order] = []
    for step in steps:
        if isinstance(step, tuple):
            tag, value = step
            orders.append(waiting.write(Write(tag, float(value))))
            ahead[tag].append(float(value))
        elif waiting.verifications.due is not None:
            (tag,) = waiting.verifications.next(8)
            moves = min(step, len(ahead[tag]))
            if holds[tag] == -1.0 and not moves:
                moves = 1
            if moves:
                holds[tag] = ahead[tag][moves - 1]
                del ahead[tag][:moves]
            while holds[tag] not in _since(orders, tag):  # it is late, but never later than it may be
                holds[tag], ahead[tag] = ahead[tag][0], ahead[tag][1:]
            waiting.judge({tag: holds[tag]})
    while waiting.verifications.due is not None:
        (tag,) = waiting.verifications.next(8)
        waiting.judge({tag: _since(orders, tag)[-1]})
    assert all(result.error is None for order in orders for result in order.done.result())
    assert all(
        order.done.result()[0].verified
        for tag in range(3)
        for order in [order for order in orders if order.writes[0].tag == tag][-1:]
    )


def _since(orders: Sequence[Order], tag: int) -> list[float]:
    """Return the values of a tag whose orders wait."""
    return [
        float(order.writes[0].value)
        for order in orders
        if order.writes[0].tag == tag and not order.done.done()
    ]
