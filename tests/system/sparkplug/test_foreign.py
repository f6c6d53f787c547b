"""What an edge node says, read by decoders that nobody here wrote: two libraries, and tshark."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.sparkplug.datatypes import BITS, Datatype, bounds
from drivers.sparkplug.decode import decode
from drivers.sparkplug.encode import encode
from drivers.sparkplug.payload import DataSet, Metric, Payload, Property, Template
from tests.servers import foreign_sparkplug
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import ServerProcess
from tests.servers.tshark import fields
from tests.system.sparkplug.edge import edge, edge_site
from tests.system.sparkplug.host import Host
from tests.system.sparkplug.tap import Tap
from tests.unit.stream.journals import until

_STAMP = 1_700_000_000_000
_MQTT_PORT = 1883
_EXACT = 2**53


def _every_simple_type() -> list[Metric]:
    metrics = [
        Metric(f"{kind.name}{number}", value, kind, timestamp=_STAMP)
        for kind in BITS
        if kind is not Datatype.DATETIME
        for number, value in enumerate({*bounds(kind), -5 if bounds(kind)[0] else 5})
    ]
    return [
        *metrics,
        Metric("when", _STAMP, Datatype.DATETIME, timestamp=_STAMP),
        Metric("float", -1.5, Datatype.FLOAT, timestamp=_STAMP),
        Metric("double", -1e300, Datatype.DOUBLE, timestamp=_STAMP),
        Metric("yes", value=True, datatype=Datatype.BOOLEAN, timestamp=_STAMP),
        Metric("text", "Füllung 7", Datatype.STRING, timestamp=_STAMP),
    ]


@pytest.fixture(scope="module")
def npm() -> Iterator[ServerProcess]:
    made = foreign_sparkplug.sparkplug_payload()
    made.start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def pypi() -> Iterator[ServerProcess]:
    made = foreign_sparkplug.pysparkplug()
    made.start()
    yield made
    made.kill()


def _read(decoder: ServerProcess, payload: bytes) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(decoder.command(payload.hex()))
    assert "error" not in told, told
    return told


def _alike(mine: Any, theirs: Any) -> bool:
    """Compare with a decoder that may have doubles for integers beyond 2^53."""
    if isinstance(mine, int) and not isinstance(mine, bool) and abs(mine) > _EXACT:
        return bool(float(mine) == float(theirs))
    return bool(mine == theirs)


def _compare(payload: bytes, told: dict[str, Any], kind_of: Callable[[dict[str, Any]], str]) -> int:
    mine = decode(payload)
    assert (told["timestamp"], told["seq"]) == (mine.timestamp, mine.seq)
    compared = 0
    for metric, theirs in zip(mine.metrics, told["metrics"], strict=True):
        assert theirs["name"] == metric.name
        assert kind_of(theirs).upper().replace("_", "") == metric.datatype.name.replace("_", "")
        if metric.value is not None and isinstance(metric.value, bool | int | float | str):
            if metric.datatype is Datatype.DATETIME:
                continue
            assert _alike(metric.value, theirs["value"]), (metric, theirs)
            compared += 1
    return compared


def test_every_simple_type_in_both_signs(npm: ServerProcess, pypi: ServerProcess) -> None:
    metrics = _every_simple_type()
    by_npm = [metric for metric in metrics if metric.datatype is not Datatype.UINT32]
    short = (Datatype.INT8, Datatype.INT16)
    by_pypi = [m for m in metrics if not (m.datatype in short and isinstance(m.value, int) and m.value < 0)]
    # npm looks for a UInt32 in the field of 64 bits, pysparkplug for negative ones in 8 or 16 bits.
    for decoder, read in ((npm, by_npm), (pypi, by_pypi)):
        payload = encode(Payload(read, _STAMP, 3))
        wanted = len([metric for metric in read if metric.datatype is not Datatype.DATETIME])
        assert _compare(payload, _read(decoder, payload), lambda told: str(told["type"])) == wanted


def test_compound_values_by_npm(npm: ServerProcess) -> None:
    table = DataSet(("a", "b"), (Datatype.DOUBLE, Datatype.STRING), ((-1.5, "x"), (2.0, "y")))
    template = Template((Metric("m", 2.5, Datatype.DOUBLE),), reference="kind", version="1")
    quality = {"Quality": Property(Datatype.INT32, 500)}
    payload = encode(
        Payload(
            [
                Metric("table", table, Datatype.DATASET, timestamp=_STAMP),
                Metric("unit", template, Datatype.TEMPLATE, timestamp=_STAMP),
                Metric("bad", None, Datatype.DOUBLE, timestamp=_STAMP, properties=quality),
                Metric("raw", b"\x01\x02", Datatype.BYTES, timestamp=_STAMP),
            ],
            _STAMP,
            0,
        )
    )
    told_table, unit, bad, raw = _read(npm, payload)["metrics"]
    assert told_table["value"]["rows"] == [[-1.5, "x"], [2, "y"]]
    assert told_table["value"]["columns"] == ["a", "b"]
    assert unit["value"]["templateRef"] == "kind"
    assert unit["value"]["metrics"][0]["value"] == 2.5
    assert bad["properties"]["Quality"]["value"] == 500
    assert bad["value"] is None
    assert raw["value"] == "0102"


async def test_what_the_edge_node_sends(
    tap: Tap, broker: Mosquitto, folder: Path, npm: ServerProcess, pypi: ServerProcess
) -> None:
    host = Host(broker.port)
    async with host.running(), edge(edge_site(tap.port), folder) as made:
        await until(lambda: host.messages("DBIRTH", "hall"))
        made.sample("br1/temp.pv", 38.25)
        await until(lambda: any(m.value == 38.25 for m in host.metrics("DDATA", "br1")))
    for kind in ("NBIRTH", "DBIRTH"):
        for message in tap.published(kind):
            for decoder in (npm, pypi):
                _compare(message.payload, _read(decoder, message.payload), lambda told: str(told["type"]))
    for message in tap.published("DDATA"):
        told, mine = _read(npm, message.payload), decode(message.payload)
        assert (told["timestamp"], told["seq"]) == (mine.timestamp, mine.seq)
        assert [m["alias"] for m in told["metrics"]] == [metric.alias for metric in mine.metrics]
    names = ["mqtt.topic", "sparkplugb.messagetype", "sparkplugb.edgenodeid", "protobuf.field.number"]
    rows = fields([(True, sent) for sent in tap.sent], folder, names, _MQTT_PORT)
    numbers = {number for row in rows for number in row["protobuf.field.number"].split(",") if number}
    assert {"1", "2", "3"} <= numbers, "timestamp, metrics, seq"
    kinds = {kind for row in rows for kind in row["sparkplugb.messagetype"].split(",")}
    assert {"NBIRTH", "DBIRTH", "DDATA"} <= kinds
    assert not any(row["_ws.malformed"] for row in rows)
