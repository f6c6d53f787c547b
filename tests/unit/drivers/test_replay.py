"""`driver: replay`: recorded samples come again, in their time, marked as what they are."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config.devices import ReplayDevice
from config.tags import Tag, TagKind
from control.signal import BAD, CONFIG, GOOD, OUT_OF_SERVICE, SIMULATED, Columns
from drivers.api import DeviceRefused, Disconnected, TagRef, Write
from drivers.replay.driver import ReplayDriver
from drivers.replay.stretch import COLUMNS, Stretch
from drivers.replay.timeline import Timeline, moments_of
from tests.contract.replay_rig import write_recording
from tests.contract.rig import Observer, Value, close_stream

REFS = [
    TagRef(4, "u/temp", Tag(device="d", address={"table": "holding", "address": 1})),
    TagRef(9, "u/phase", Tag(device="d", kind=TagKind.TEXT)),
    TagRef(11, "u/other", Tag(device="d", address={"recorded": "u/pressure"})),
]
MOMENTS: list[tuple[float, dict[str, Value]]] = [
    (0.0, {"u/temp": 37.0, "u/phase": "batch", "u/pressure": 1.0}),
    (100.0, {"u/temp": 37.5}),
    (100.2, {"u/temp": 38.0, "u/phase": "fed"}),
    (500.0, {"u/pressure": 2.0}),
]


def _driver(file: Path, **settings: Any) -> ReplayDriver:
    device = ReplayDevice.model_validate({"driver": "replay", "file": file, **settings})
    driver = ReplayDriver("d", device)
    assert driver.plan(REFS) == {}
    return driver


async def _played(driver: ReplayDriver, until: int) -> tuple[Observer, list[Columns]]:
    """Play until so many samples have come."""
    observer, all_columns = Observer(REFS), []
    await driver.open()
    stream = driver.subscribe()
    async with asyncio.timeout(20):
        while len(observer.all) < until:
            columns = await anext(stream)
            observer(columns)
            all_columns.append(columns)
    await close_stream(stream)
    await driver.close()
    return observer, all_columns


async def test_all_that_was_recorded_comes_in_its_order_and_then_it_is_over(tmp_path: Path) -> None:
    file = tmp_path / "a.acquired"
    write_recording(file, MOMENTS)
    driver = _driver(file, speed=1000.0)
    observer, _ = await _played(driver, 7 + 3)
    by_name = {ref.name: [seen for name, seen in observer.all if name == ref.name] for ref in REFS}
    assert [seen.value for seen in by_name["u/temp"]] == [37.0, 37.5, 38.0, None]
    assert [seen.value for seen in by_name["u/phase"]] == ["batch", "fed", None]
    assert [seen.value for seen in by_name["u/other"]] == [1.0, 2.0, None]
    for samples in by_name.values():
        assert {seen.quality for seen in samples[:-1]} == {GOOD | SIMULATED}
        assert samples[-1].quality == BAD | OUT_OF_SERVICE | SIMULATED
    assert driver.facts["recording"] == "over"


async def test_times_are_new_or_as_they_were(tmp_path: Path) -> None:
    file, began_ns = tmp_path / "a.acquired", 1_700_000_000_000_000_000
    write_recording(file, MOMENTS, began_ns=began_ns)
    now_ns = time.time_ns()
    fresh, _ = await _played(_driver(file, speed=1000.0), 7)
    for _, seen in fresh.all:
        age_s = (time.time_ns() - seen.source_ns) / 1e9
        assert seen.source_ns > now_ns - 200_000_000, "as old as it was, 0.1 s, but now"
        assert age_s >= 0.1
    original, _ = await _played(_driver(file, speed=1000.0, times="original"), 7)
    temp = [seen.source_ns - began_ns for name, seen in original.all if name == "u/temp"]
    assert temp == [-100_000_000, 99_900_000_000, 100_100_000_000]


async def test_it_repeats_and_a_long_pause_is_shortened(tmp_path: Path) -> None:
    file = tmp_path / "a.acquired"
    write_recording(file, MOMENTS)
    driver = _driver(file, repeat=True, longest_pause="20 ms")
    observer, _ = await _played(driver, 7 * 3)
    temp = [seen.value for name, seen in observer.all if name == "u/temp"]
    assert temp[:9] == [37.0, 37.5, 38.0] * 3
    assert driver.facts["recording_round"] == 3


async def test_a_tag_of_another_kind_is_not_taken_for_the_recorded_one(tmp_path: Path) -> None:
    file = tmp_path / "a.acquired"
    write_recording(file, MOMENTS)
    driver = ReplayDriver("d", ReplayDevice(driver="replay", file=file))
    refs = [TagRef(1, "u/phase", Tag(device="d")), TagRef(2, "u/nothing", Tag(device="d"))]
    driver.plan(refs)
    await driver.open()
    stream = driver.subscribe()
    first = await anext(stream)
    assert (first.tag.tolist(), set(first.quality.tolist())) == ([1, 2], {BAD | CONFIG})
    await close_stream(stream)
    await driver.close()


async def test_nothing_can_be_written(tmp_path: Path) -> None:
    driver = _driver(tmp_path / "a.acquired")
    (result,) = await driver.write([Write(4, 1.0)])
    assert result.error == "a recording cannot be written to"


async def test_no_file_is_away_and_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Disconnected, match="No such file"):
        await _driver(tmp_path / "a.acquired").open()
    (tmp_path / "site.yaml").write_text("site: {}\n", encoding="utf-8")
    with pytest.raises(DeviceRefused, match="no recording"):
        await _driver(tmp_path / "site.yaml").open()


def test_spacing_is_kept_speeded_up_and_never_backwards() -> None:
    arrivals = np.array([10, 11, 13], np.int64) * 1_000_000_000
    timeline = Timeline(None, 2.0, 100.0)
    assert timeline.due(arrivals).tolist() == [100.0, 100.5, 101.5]
    assert timeline.due(arrivals).tolist() == [101.5, 102.0, 103.0], "the clock went back: no pause"
    assert timeline.due(np.empty(0, np.int64)).tolist() == []
    shortened = Timeline(1.5, 1.0, 0.0)
    assert shortened.due(arrivals).tolist() == [0.0, 1.0, 2.5]


def test_a_clock_that_goes_back_within_a_stretch_does_not_change_the_order() -> None:
    rows = np.zeros(4, COLUMNS)
    rows["arrival_ns"] = [5, 9, 7, 10]
    moments, row_ends, text_ends = moments_of(Stretch(rows))
    assert (moments.tolist(), row_ends, text_ends) == ([5, 9, 10], [1, 3, 4], [0, 0, 0])


def test_repeating_original_times_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="restamped"):
        ReplayDevice.model_validate({"driver": "replay", "file": "x", "repeat": True, "times": "original"})


async def test_before_it_plays_the_first_sample_of_each_tag_can_be_looked_at(tmp_path: Path) -> None:
    """`cellgate check --live` does; what it looked at is played all the same."""
    file = tmp_path / "a.acquired"
    write_recording(file, [(0.0, {"u/temp": 37.0}), (9.0, {"u/temp": 38.0, "u/pressure": 1.5})])
    driver = ReplayDriver("d", ReplayDevice(driver="replay", file=file, speed=1000.0))
    refs = [REFS[0], REFS[2], TagRef(20, "u/nothing", Tag(device="d"))]
    driver.plan(refs)
    await driver.open()
    first = await driver.read_back([4, 11, 20])
    assert first.value.tolist()[:2] == [37.0, 1.5]
    assert first.quality.tolist() == [SIMULATED, SIMULATED, BAD | CONFIG]
    observer, stream = Observer(refs), driver.subscribe()
    async with asyncio.timeout(20):
        while len(observer.all) < 4:
            observer(await anext(stream))
    assert [seen.value for name, seen in observer.all if name == "u/temp"] == [37.0, 38.0]
    await close_stream(stream)
    await driver.close()
