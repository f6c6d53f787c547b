"""An edge node as its messages show it, and the driver's ways with a real broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.devices import OtherDevice
from config.tags import Access, Tag, TagKind
from control.signal import BAD, COMM, CONFIG, DEVICE, HISTORY, STALE, UNCERTAIN
from drivers.api import DriverError, TagRef
from drivers.registry import create
from drivers.sparkplug.datatypes import Datatype
from drivers.sparkplug.encode import encode
from drivers.sparkplug.outgoing import to_write
from drivers.sparkplug.payload import Metric, Payload, Property, Template
from drivers.sparkplug.sequence import Sequence
from drivers.sparkplug.values import UnsuitableValue
from drivers.sparkplug.view import EdgeNodeView, Sample, Wants
from tests.servers import foreign_sparkplug
from tests.servers.mosquitto import Mosquitto
from tests.system.sparkplug.host import Host
from tests.unit.stream.journals import until

_NOW_NS = 1_700_000_000_123_000_000
_MS = 1_700_000_000_000
_DOUBLE = Datatype.DOUBLE


def _ref(index: int, *, text: bool = False) -> TagRef:
    kind = TagKind.TEXT if text else TagKind.NUMBER
    return TagRef(index, f"u/t{index}", Tag(device="d", kind=kind, access=Access.READ_WRITE))


def _view() -> EdgeNodeView:
    addresses = {1: ("d1", "a"), 2: ("d1", "b"), 3: ("d2", "unit/level"), 4: ("", "node"), 5: ("d1", "name")}
    return EdgeNodeView({tag: _ref(tag, text=tag == 5) for tag in addresses}, addresses)


def _born(view: EdgeNodeView, seq: int = 0) -> None:
    bd_seq = Metric("bdSeq", 4, Datatype.INT64)
    view.take("NBIRTH", "", _payload(seq, bd_seq, Metric("node", 1.0, _DOUBLE, 9)), _NOW_NS)
    birth = [
        Metric("a", 1.0, _DOUBLE, 1),
        Metric("b", 2, Datatype.INT8, 2),
        Metric("name", "x", Datatype.STRING, 3),
    ]
    view.take("DBIRTH", "d1", _payload(seq + 1, *birth), _NOW_NS)


def _payload(seq: int | None, *metrics: Metric, **more: Any) -> bytes:
    return encode(Payload(metrics, more.get("timestamp", _MS), None if seq is None else seq % 256))


def _data(seq: int, alias: int, value: float, **more: Any) -> bytes:
    return encode(
        Payload([Metric(alias=alias, value=value, datatype=_DOUBLE, timestamp=_MS, **more)], _MS, seq),
        typed=False,
    )


def test_data_are_read_by_alias_with_the_births_datatypes() -> None:
    view = _view()
    _born(view)
    assert view.take("DDATA", "d1", _data(2, 1, 7.5), _NOW_NS) == (
        [Sample(1, 7.5, 0, _MS * 1_000_000)], Wants.NOTHING,
    )  # fmt: skip
    raw = encode(
        Payload([Metric(alias=2, value=-3, datatype=Datatype.INT8, timestamp=_MS)], _MS, 3), typed=False
    )
    ((sample,), _) = view.take("DDATA", "d1", raw, _NOW_NS)
    assert (sample.tag, sample.value) == (2, -3.0)


@pytest.mark.parametrize(
    ("code", "quality", "value"),
    [(192, 0, 5.0), (0, BAD | DEVICE, None), (500, BAD | STALE, None), (64, UNCERTAIN | DEVICE, 5.0)],
)
def test_qualities(code: int, quality: int, value: float | None) -> None:
    view = _view()
    _born(view)
    told = {"Quality": Property(Datatype.INT32, code)}
    ((sample,), _) = view.take("DDATA", "d1", _data(2, 1, 5.0, properties=told), _NOW_NS)
    assert (sample.quality, sample.value) == (quality, value)


def test_historical_values_are_marked_and_members_found_in_their_instance() -> None:
    view = _view()
    _born(view)
    ((sample,), _) = view.take("DDATA", "d1", _data(2, 1, 5.0, is_historical=True), _NOW_NS)
    assert sample.quality == HISTORY
    template = Template((Metric("level", 3.5, _DOUBLE, timestamp=_MS),), reference="tank")
    ((sample,), _) = view.take(
        "DBIRTH", "d2", _payload(3, Metric("unit", template, Datatype.TEMPLATE, 30)), _NOW_NS
    )
    assert (sample.tag, sample.value) == (3, 3.5)
    moved = Template((Metric("level", 4.5, _DOUBLE, timestamp=_MS),), reference="tank")
    ((sample,), _) = view.take("DDATA", "d2", _payload(4, Metric(alias=30, value=moved)), _NOW_NS)
    assert (sample.tag, sample.value) == (3, 4.5)


def test_deaths_make_bad_what_they_concern() -> None:
    view = _view()
    _born(view)
    samples, wants = view.take("DDEATH", "d1", _payload(2, timestamp=_MS + 7), _NOW_NS)
    assert {s.tag for s in samples} == {1, 2, 5}
    assert {(s.quality, s.value, s.source_ns) for s in samples} == {(BAD | COMM, None, (_MS + 7) * 1_000_000)}
    assert wants is Wants.NOTHING
    assert view.take("DDATA", "d1", _data(3, 1, 5.0), _NOW_NS) == ([], Wants.REBIRTH)
    old = encode(Payload([Metric("bdSeq", 3, Datatype.INT64)], _MS))
    assert view.take("NDEATH", "", old, _NOW_NS) == ([], Wants.NOTHING), "of an earlier connection"
    present = encode(Payload([Metric("bdSeq", 4, Datatype.INT64)], _MS))
    samples, wants = view.take("NDEATH", "", present, _NOW_NS)
    assert wants is Wants.END
    assert {s.source_ns for s in samples} == {_NOW_NS}, "the will was written long ago"
    assert {s.tag for s in samples} == {1, 2, 3, 4, 5}


def test_what_a_birth_lacks_and_what_a_tag_cannot_show_is_bad() -> None:
    view = _view()
    view.take("NBIRTH", "", _payload(0), _NOW_NS)
    samples, _ = view.take("DBIRTH", "d1", _payload(1, Metric("a", "text", Datatype.STRING, 1)), _NOW_NS)
    assert {(s.tag, s.quality) for s in samples} == {(n, BAD | CONFIG) for n in (1, 2, 5)}
    assert all(s.value is None and s.status for s in samples)


def test_without_a_birth_or_with_rubbish_a_rebirth_is_wanted() -> None:
    view = _view()
    assert view.take("DDATA", "d1", _data(2, 1, 5.0), _NOW_NS) == ([], Wants.REBIRTH)
    assert view.take("DDATA", "d1", b"\xff\xff", _NOW_NS) == ([], Wants.REBIRTH)
    assert view.unreadable == 1


def test_a_message_that_was_overtaken_is_waited_for() -> None:
    view = _view()
    _born(view)
    assert view.take("DDATA", "d1", _data(3, 1, 8.0), _NOW_NS) == ([], Wants.NOTHING)
    assert view.numbers.incomplete
    samples, _ = view.take("DDATA", "d1", _data(2, 1, 7.0), _NOW_NS)
    assert [sample.value for sample in samples] == [7.0, 8.0]
    assert not view.numbers.incomplete


@given(st.integers(0, 255), st.permutations(range(1, 9)))
def test_any_order_becomes_the_right_one(first: int, order: list[int]) -> None:
    numbers = Sequence()
    numbers.born(first)
    out = [m for n in order for m in numbers.take((first + n) % 256, n)]
    assert out == list(range(1, 9))
    assert not numbers.incomplete


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Datatype.INT8, 1.5), (Datatype.BOOLEAN, 2), (Datatype.FLOAT, 1e39), (Datatype.DOUBLE, float("inf")),
        (Datatype.STRING, 1.0), (Datatype.INT32, "x"), (Datatype.TEMPLATE, 1.0), (Datatype.INT8_ARRAY, 1.0),
    ],
)  # fmt: skip
def test_what_a_datatype_cannot_hold_is_not_written(kind: Datatype, value: float | str) -> None:
    with pytest.raises(UnsuitableValue):
        to_write(kind, value)


def test_settings_that_are_wrong_are_named() -> None:
    device = OtherDevice(
        driver="sparkplug", settings={"host": "h", "group": "a/b", "edge_node": "e", "prot": 1}
    )
    with pytest.raises(DriverError, match=r"settings\.group.*settings\.prot"):
        create("x", device)


@asynccontextmanager
async def _broker(folder: Path) -> AsyncIterator[Mosquitto]:
    made = Mosquitto(folder)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def test_a_host_says_that_it_is_there_and_asks_again_where_something_is_missing(tmp_path: Path) -> None:
    async with _broker(tmp_path) as broker:
        node = await asyncio.to_thread(foreign_sparkplug.edge_node, broker.port, "G", "n", "d1")
        await asyncio.to_thread(node.start)
        ear = Host(broker.port, "G", "n")
        settings = {"host": "127.0.0.1", "port": broker.port, "group": "G", "edge_node": "n"}
        more = {"host_id": "cellgate", "reorder_timeout": "100 ms"}
        driver = create("x", OtherDevice(driver="sparkplug", settings={**settings, **more}, timeout=2.0))
        driver.plan([TagRef(7, "u/f64", Tag(device="d", address={"metric": "f64", "device": "d1"}))])
        try:
            async with ear.running():
                await driver.open()

                def states() -> list[dict[str, Any]]:
                    heard = [m for m in ear.heard if m.topic == "spBv1.0/STATE/cellgate"]
                    return [json.loads(bytes(message.payload)) for message in heard]

                await until(lambda: bool(states()) and states()[-1]["online"])
                births = len(ear.messages("NBIRTH"))
                gap = encode(Payload([Metric("f64", 1.0, _DOUBLE)], 1, 200))
                behind = encode(Payload([Metric("f64", 1.0, _DOUBLE)], 1, 40))
                ear.publish("spBv1.0/G/DDATA/n/d1", gap)
                ear.publish("spBv1.0/G/DDATA/n/d1", behind)
                await until(lambda: len(ear.messages("NBIRTH")) > births)
                ear.publish("spBv1.0/STATE/cellgate", b'{"online":false,"timestamp":1}', retain=True, qos=1)
                await until(lambda: not states()[-1]["online"] or len(states()) > 2)
                await until(lambda: states()[-1]["online"])
                await driver.close()
                await until(lambda: not states()[-1]["online"])
        finally:
            await driver.close()
            await asyncio.to_thread(node.kill)
