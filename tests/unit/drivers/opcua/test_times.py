"""Source, server and arrival time: what is used, what is flagged, and that all three can be read."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from control.signal import CLOCK, GOOD
from drivers.notices import Matter, News, Notice
from drivers.opcua.decoder import Decoder
from drivers.opcua.messages import Stretch
from drivers.opcua.plan import make_plan
from drivers.opcua.times import NAMED, TOLD_EACH_S, Doubts
from drivers.opcua.wire import EPOCH, ROW
from tests.unit.drivers.opcua.plant import device, ref

S = 1_000_000_000
ARRIVAL_NS = 1_800_000_000 * S


def ticks(seconds_after_arrival: float) -> int:
    return EPOCH + ARRIVAL_NS // 100 + int(seconds_after_arrival * 1e7)


def value(handle: int, source: int | None, server: int | None, number: float = 1.0) -> bytes:
    """Return a notification of one item, with the times that are given (ticks)."""
    mask = 1 | (source is not None) << 2 | (server is not None) << 3
    body = struct.pack("<IBBd", handle, mask, 11, number)
    for each in (source, server):
        body += b"" if each is None else struct.pack("<q", each)
    return body


def decoder() -> Decoder:
    return Decoder(make_plan(device(1), [ref(at, f"t{at}") for at in range(3)]), 10.0)


def take(to: Decoder, *values: bytes, arrival_ns: int = ARRIVAL_NS) -> list[tuple[int, int]]:
    """Return quality and stamp of each."""
    data = b"".join(values)
    found = to.columns(data, Stretch(0, len(data), len(values)), arrival_ns)
    return list(zip(found.quality.tolist(), found.source_ns.tolist(), strict=True))


@pytest.mark.parametrize(
    ("source_s", "server_s", "quality", "stamp_s"),
    [
        (-1.0, -0.5, GOOD, -1.0),
        (-86_400.0, -0.5, GOOD, -86_400.0),  # quiet for a day
        (None, -0.5, GOOD | CLOCK, 0.0),
        (60.0, -0.5, GOOD | CLOCK, 0.0),
        (5.0, -0.5, GOOD, 5.0),
        (5.0, -20.0, GOOD | CLOCK, 5.0),  # ahead of the server that tells it: kept, and doubted
        (5.0, None, GOOD, 5.0),
    ],
)
def test_which_time_is_used_and_which_is_flagged(
    source_s: float | None, server_s: float | None, quality: int, stamp_s: float
) -> None:
    source, server = (None if each is None else ticks(each) for each in (source_s, server_s))
    found = take(decoder(), value(0, source, server))
    assert found == [(quality, ARRIVAL_NS + int(stamp_s * S))]


def test_all_three_times_of_what_is_doubtful_can_be_read() -> None:
    made = decoder()
    take(made, value(0, ticks(-1), ticks(0)), value(1, ticks(3600), ticks(-2)), value(2, None, None))
    assert made.doubts.facts == {
        "doubtful_times": 2,
        "doubtful_time": "u/t1: source time 2027-01-15T09:00:00+00:00, "
        "server time 2027-01-15T07:59:58+00:00, arrived 2027-01-15T08:00:00+00:00; "
        "u/t2: source time none, server time none, arrived 2027-01-15T08:00:00+00:00",
    }
    take(made, value(1, ticks(0), ticks(0)))
    assert str(made.doubts.facts["doubtful_time"]).startswith("u/t2: source time none, server time none, ")
    take(made, value(2, None, None), value(2, ticks(1), ticks(1)))
    assert made.doubts.facts == {"doubtful_times": 0, "doubtful_time": None}


def test_doubts_are_announced_when_they_begin_and_when_they_are_over() -> None:
    made, news = decoder(), list[News]()
    for handle, source in ((0, ticks(0)), (1, None), (1, None), (1, ticks(0))):
        take(made, value(handle, source, None))
        made.doubts.announce(news.append)
    told = [(each.what, each.value) for each in news if isinstance(each, Notice)]
    assert told == [(Matter.TIMES_DOUBTFUL, 1.0), (Matter.TIMES_RIGHT, 0.0)]


def test_every_tag_that_becomes_doubtful_is_on_record_with_its_three_times() -> None:
    names, clock, news = [f"u/t{at}" for at in range(NAMED + 3)], [0.0], list[News]()
    doubts = Doubts(names, lambda: clock[0])

    def sample(handles: list[int], doubtful: bool) -> list[str]:
        rows = np.zeros(len(handles), ROW)
        rows["handle"], rows["source_ticks"], rows["server_ticks"] = handles, ticks(3600), ticks(-2)
        doubts.take(rows, np.full(len(handles), doubtful), ARRIVAL_NS)
        news.clear()
        doubts.announce(news.append)
        details = [each.detail for each in news if isinstance(each, Notice)]
        return [name for name in names if any(f"{name}: source time 2027" in each for each in details)]

    assert sample([0], True) == ["u/t0"]
    assert sample(list(range(1, NAMED + 2)), True) == []
    clock[0] += TOLD_EACH_S
    assert sample([0], True) == names[1 : NAMED + 1]
    clock[0] += TOLD_EACH_S
    assert sample([NAMED + 2], True) == names[NAMED + 1 :]
    clock[0] += TOLD_EACH_S
    assert sample([0], False) == []
    assert sample([0], True) == ["u/t0"]


def test_a_time_of_the_source_that_was_kept_says_from_where_history_is_read() -> None:
    made = decoder()
    take(made, value(0, ticks(5), ticks(-20)), value(1, None, ticks(0)))
    assert made.latest_ns.tolist() == [ARRIVAL_NS + 5 * S, 0, 0]
    assert made.latest_ns.dtype == np.int64


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (10, "1601-01-01T00:00:00.000001+00:00"),
        (2**63 - 2, "after the year 9999"),
        (2**63 - 1, "none"),
        (-1, "none"),
    ],
)
def test_times_beyond_every_calendar_are_shown_as_such(source: int, text: str) -> None:
    made = decoder()
    take(made, value(0, source, None))
    shown = str(made.doubts.facts["doubtful_time"])
    assert shown.startswith(f"u/t0: source time {text}, ")
