"""Records into messages: the right topic, whatever configuration they were written under."""

from __future__ import annotations

import numpy as np
import orjson
import pytest

from control.signal import SAMPLE
from gateway.batch.context import Context
from gateway.stream.events import GapEvent, to_json
from gateway.stream.line_decoder import Decoder
from gateway.stream.outgoing import MessageMaker, Unsendable
from gateway.stream.records import Dictionary, Kind, Points, Record, pack

DICTIONARIES = {
    1: Dictionary("old", ("u0/a", "u0/b"), {"u0": ("north", "line1")}),
    2: Dictionary("new", ("u0/b", "u0/a"), {"u0": ("south", "line2")}),
    3: Dictionary("bad", ("u0/a\n",), {"u0": ("north", "line1"), "a b": ("x", "y")}),
}


async def dictionary(number: int) -> Dictionary:
    return DICTIONARIES[number]


def record(
    number: int = 1, *, kind: Kind = Kind.TELEMETRY, unit: str = "u0", data: bytes | None = None
) -> Record:
    rows = np.zeros(2, SAMPLE)
    rows["tag"] = [0, 1]
    packed = pack(Points.of_rows(rows)) if data is None else data
    return Record(3, 7, kind, unit, Context("c", "", ""), number, 99, 2, packed)


@pytest.fixture
def maker() -> MessageMaker:
    return MessageMaker("works", "gw1", dictionary)


async def test_telemetry_is_named_by_the_configuration_it_was_made_under(maker: MessageMaker) -> None:
    for number, place, first in ((1, "north/line1", "u0/a"), (2, "south/line2", "u0/b")):
        topic, payload = await maker.message(record(number), 17)
        assert topic == f"cellgate/v1/works/{place}/u0/pv/gw1/3"
        names: list[str] = []

        def intern(name: str, names: list[str] = names) -> int:
            names.append(name)
            return len(names) - 1

        message = Decoder(intern).decode(payload)
        assert names[message.points.tag[0]] == first
        header = message.header
        assert (header.gateway, header.epoch, header.partition, header.sequence) == ("gw1", 17, 3, 7)
        assert (header.config, header.created_ns, message.context) == (
            DICTIONARIES[number].fingerprint,
            99,
            Context("c", "", ""),
        )


async def test_events_get_their_header(maker: MessageMaker) -> None:
    data = to_json(
        GapEvent(gateway="gw1", unit="u0", config="x", time_ns=1, first=1, last=2, reason="dropped")
    )
    for unit, expected in (
        ("u0", "cellgate/v1/works/north/line1/u0/event/gw1/3"),
        ("_gateway", "cellgate/v1/works/_gateway/gw1/event/3"),
    ):
        topic, payload = await maker.message(record(kind=Kind.EVENT, unit=unit, data=data), 17)
        event = orjson.loads(payload)
        assert topic == expected
        assert (event["epoch"], event["partition"], event["sequence"]) == (17, 3, 7)


@pytest.mark.parametrize(
    "broken",
    [
        record(data=b"torn"),
        record(unit="unknown"),
        record(number=9),
        record(number=3),
        record(number=3, unit="a b", kind=Kind.EVENT, data=b"{}"),
        record(kind=Kind.EVENT, data=b"{torn"),
    ],
)
async def test_what_cannot_be_sent_says_why(maker: MessageMaker, broken: Record) -> None:
    with pytest.raises(Unsendable):
        await maker.message(broken, 17)
