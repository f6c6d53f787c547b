"""What the screens remember of what comes: contexts, parameters of loops, the last minutes of a value."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, cast

import numpy as np
import orjson
import pytest

from config.load import load
from gateway.batch.context import Context
from gateway.historian.api import StoreError
from gateway.historian.buckets import Buckets, Grid, Summaries, summarise
from gateway.hmi.recent import SAMPLES, Recent
from gateway.stream.mqtt import Inbound
from gateway.subscriber import Subscriber
from tests.messages import Sample, payload

PLANT = Path(__file__).parents[3] / "config" / "examples" / "cmo" / "plant.yaml"
S = 10**9


@pytest.fixture(scope="module")
def subscriber() -> Subscriber:
    return Subscriber(load(PLANT, {}).site)


def inbound(data: bytes) -> Inbound:
    return Inbound("t", data, retain=False, duplicate=False, response_topic=None, correlation=None,
                   _acknowledge=None)  # fmt: skip


def test_a_unit_is_in_the_context_of_its_newest_report(subscriber: Subscriber) -> None:
    assert subscriber.context("br1") == Context()
    told = (
        (5, Context("C1", "B1", "growth")),
        (9, Context("C1", "B1", "shift")),
        (7, Context("C1", "B0", "old")),
    )
    for sequence, (at_s, context) in enumerate(told):
        data = payload([Sample("br1/temp.pv", 37.0, at_s * S)], sequence, context=context)
        subscriber._on_telemetry(inbound(data))
    assert subscriber.context("br1") == Context("C1", "B1", "shift")
    assert subscriber.context("br2") == Context()
    assert subscriber.values["br1/temp.pv"].source_ns == 9 * S


def test_parameters_are_those_of_the_latest_message(subscriber: Subscriber) -> None:
    for kp in (20.0, 25.0):
        loops = {"br1/temp": {"kp": kp, "sp_rate": None}}
        subscriber._on_parameters(inbound(orjson.dumps({"time_ns": 1, "config": "x", "loops": loops})))
    assert subscriber.loop_parameters["br1/temp"] == {"kp": 25.0, "sp_rate": None}


class Store:
    """Has one value for each of the samples, or does not answer."""

    def __init__(self, *, answers: bool) -> None:
        self.answers = answers

    async def buckets(self, tags: list[str], from_ns: int, to_ns: int, count: int) -> list[Buckets]:
        if not self.answers:
            raise StoreError("away")
        grid = Grid.over(from_ns, to_ns, count)
        times = grid.starts()
        values = np.arange(len(times), dtype=float)
        return [summarise(grid, [Summaries.of_points(times, values, np.zeros(len(times), np.uint32))])]


async def test_the_last_minutes_are_read_once_and_go_on_live() -> None:
    numbers: dict[str, float | None] = {"u/a": 7.5}
    recent = Recent(cast("Any", Store(answers=True)), numbers.get)
    assert np.isnan(recent.line("u/a")).all()
    recent.sample()
    await recent._read_store()
    line = recent.line("u/a")
    assert len(line) == SAMPLES
    assert line[-1] == 7.5  # what was sampled stays
    assert line[0] == 0.0
    version = recent.version
    numbers["u/a"] = None  # nobody knows any more
    recent.sample()
    line = recent.line("u/a")
    assert math.isnan(line[-1])
    assert line[-2] == 7.5
    assert recent.version == version + 1


async def test_without_a_store_the_line_grows_from_now_on() -> None:
    recent = Recent(cast("Any", Store(answers=False)), lambda _: 1.0)
    recent.line("u/a")
    await recent._read_store()
    for _ in range(3):
        recent.sample()
    line = recent.line("u/a")
    assert np.isnan(line[:-3]).all()
    assert line[-3:].tolist() == [1.0, 1.0, 1.0]
