"""InfluxDB takes a message's bytes as they are, and gives every value back equal to the bit."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import urllib3

from control.signal import SAMPLE
from gateway.batch.context import Context
from gateway.stream.line_protocol import Header, encode, prefixes
from gateway.stream.records import Points, TextPoint
from tests.servers.databases import Influxd

T = 1_700_000_000_000_000_001
NAMES = ["br1/temp.pv", "br1/odd name,with=all", "br1/recipe", "br1/größe"]
HEADER = Header("gw1", 0, 17, 5, T, "00ff00ff00ff00ff")


@pytest.fixture
async def influxd(tmp_path: Path) -> AsyncIterator[Influxd]:
    database = Influxd(tmp_path)
    await database.start()
    try:
        database.post("/query", q="CREATE DATABASE cellgate")
        yield database
    finally:
        await database.kill()


def write(database: Influxd, points: Points, context: Context) -> None:
    body = encode(HEADER, points, prefixes(NAMES), context)
    response = urllib3.request(
        "POST", f"{database.url}/write?db=cellgate&precision=ns", body=body, retries=False
    )
    assert response.status == 204, response.data


def select(database: Influxd, measurement: str) -> list[dict[str, Any]]:
    text = database.get("/query", db="cellgate", epoch="ns", q=f"SELECT * FROM {measurement}")
    # InfluxDB writes -0.0 as -0, which is an integer for JSON and would lose its sign here.
    answer = json.loads(text, parse_int=lambda digits: -0.0 if digits == "-0" else int(digits))
    (series,) = answer["results"][0]["series"]
    return [dict(zip(series["columns"], row, strict=True)) for row in series["values"]]


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


async def test_every_value_comes_back(influxd: Influxd) -> None:
    chance = random.Random(3)
    values = [
        -0.0,
        0.0,
        5e-324,
        -5e-324,
        1e308,
        1.7976931348623157e308,
        2.2250738585072014e-308,
        0.1,
        1e16,
        1e22,
    ]
    values += [struct.unpack("<d", struct.pack("<Q", chance.getrandbits(64)))[0] for _ in range(2000)]
    values = [value for value in values if np.isfinite(value)]
    rows = np.zeros(len(values), SAMPLE)
    rows["value"], rows["source_ns"] = values, T + np.arange(len(values))
    write(influxd, Points.of_rows(rows), Context())
    stored = select(influxd, "cellgate")
    assert [row["time"] for row in stored] == rows["source_ns"].tolist()
    assert [bits(float(row["value"])) for row in stored] == [bits(value) for value in values]
    (header,) = select(influxd, "cellgate_message")
    assert (header["epoch"], header["sequence"], header["count"]) == (17, 5, len(values))
    assert (header["gateway"], header["partition"], header["time"]) == ("gw1", "0", T)


async def test_everything_beside_the_value_comes_back(influxd: Influxd) -> None:
    rows = np.zeros(5, SAMPLE)
    rows["tag"] = [0, 0, 1, 3, 0]
    rows["source_ns"] = [T, T, T, T, T + 1]
    rows["value"] = [1.0, 2.0, 3.0, 4.0, np.nan]
    rows["ordinal"] = [0, 1, 0, 0, 0]
    rows["quality"] = [0, 0, 0x4000_0020, 0, 0x8000_0001]
    rows["status"] = [0, 0, 0x40AB_0000, 0, 0]
    texts = [
        TextPoint(2, 'say "x" \\ y\\', T, 0),
        TextPoint(2, "two\nlines, a=b", T, 0, 0, 1),
        TextPoint(2, 2**63 - 1, T, 0, 0, 2),
        TextPoint(2, 2**64 - 1, T, 0, 0, 3),
    ]
    context = Context("c-1", 'b "2"', "growth, late")
    write(influxd, Points.of_rows(rows, texts), context)
    stored = select(influxd, "cellgate")
    assert len(stored) == 9, "two samples of one tag and time are two points"
    by_key = {(row["name"], int(row["ordinal"] or 0), row["time"]): row for row in stored}
    assert by_key[NAMES[0], 0, T]["value"] == 1
    assert by_key[NAMES[0], 1, T]["value"] == 2
    odd = by_key[NAMES[1], 0, T]
    assert (odd["value"], odd["quality"], odd["status"]) == (3, 0x4000_0020, 0x40AB_0000)
    assert by_key[NAMES[3], 0, T]["value"] == 4
    bad = by_key[NAMES[0], 0, T + 1]
    assert (bad["value"], bad["quality"]) == (None, 0x8000_0001)
    assert [by_key[NAMES[2], n, T]["text"] for n in (0, 1)] == [texts[0].value, texts[1].value]
    assert by_key[NAMES[2], 2, T]["integer"] == 2**63 - 1
    assert by_key[NAMES[2], 3, T]["unsigned"] == str(2**64 - 1)
    assert {(row["campaign"], row["batch"], row["phase"]) for row in stored} == {
        ("c-1", 'b "2"', "growth, late")
    }


async def test_a_context_makes_no_second_series(influxd: Influxd) -> None:
    for number in range(3):
        rows = np.zeros(2, SAMPLE)
        rows["tag"], rows["source_ns"], rows["quality"] = [0, 1], T + number, number
        write(influxd, Points.of_rows(rows), Context(f"c-{number}", f"b-{number}", ""))
    answer = orjson.loads(influxd.get("/query", db="cellgate", q="SHOW SERIES FROM cellgate"))
    assert len(answer["results"][0]["series"][0]["values"]) == 2
