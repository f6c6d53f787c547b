"""A session keeps its device connected, tells its state truly and never lets a call hang."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import orjson
import pytest

from config.tags import Access, TagKind
from control.signal import BAD, COMM, CONFIG, GOOD, OUT_OF_SERVICE
from drivers.api import DeviceRefused, DeviceTimeout, Disconnected, Write
from drivers.session import Session
from drivers.states import State, StateChange
from tests.unit.drivers.scripted import ScriptedDriver, Sink, device, refs, running, until


async def test_polls_and_is_connected_while_good_samples_come() -> None:
    driver, sink = ScriptedDriver(), Sink()
    session = Session("d", device(), driver, refs("u/a", "u/b"), sink)
    before, age_s = session.state, session.age_s
    async with running(session):
        await until(lambda: session.statistics.reads >= 3)
        assert session.state is State.CONNECTED
        assert session.age_s is not None
        assert session.age_s < 0.3
        assert list(sink.columns[0].tag) == [0, 1]
    assert (before, age_s, session.state) == (State.STOPPED, None, State.STOPPED)
    assert driver.log[0] == "open"
    assert driver.log[-1] == "close"


async def test_unreachable_at_start_is_degraded_then_lost_then_restored(
    caplog: pytest.LogCaptureFixture,
) -> None:
    driver, sink = ScriptedDriver(), Sink()
    driver.reachable = False
    changes: list[StateChange] = []
    session = Session("d", device(), driver, refs("u/a"), sink, changed=changes.append)
    with caplog.at_level(logging.INFO, "drivers.session"):
        async with running(session):
            await until(lambda: session.state is State.LOST)
            await asyncio.sleep(0.4)
            assert len(sink.of_quality(BAD | COMM)) == 1, "marked once, on the edge"
            driver.reachable = True
            await until(lambda: session.state is State.CONNECTED)
    assert [(c.before, c.after) for c in changes][:4] == [
        (State.STOPPED, State.CONNECTING),
        (State.CONNECTING, State.DEGRADED),
        (State.DEGRADED, State.LOST),
        (State.LOST, State.CONNECTED),
    ]
    assert changes[2].reason == "connection refused"
    assert changes[3].duration_s > 0.3
    logged = [record.getMessage() for record in caplog.records]
    assert [text.split(":")[0] for text in logged] == [
        "device not answering yet",
        "device lost",
        "device restored",
    ]
    assert "last_frames=> 01 02; < 03" in logged[1]
    assert "failures=" in logged[2]


async def test_attempts_are_spaced_by_the_back_off() -> None:
    driver = ScriptedDriver()
    driver.reachable = False
    session = Session("d", device(reconnect_min=0.05, reconnect_max=0.2), driver, refs("u/a"), Sink())
    async with running(session):
        await asyncio.sleep(0.6)
    assert 3 <= session.statistics.attempts <= 8
    assert driver.log.count("close") == session.statistics.attempts


async def test_a_refusal_goes_to_the_longest_delay_at_once() -> None:
    driver = ScriptedDriver()
    driver.read_error = DeviceRefused("password expired", 7)
    settings = device(reconnect_min=0.01, reconnect_max=30.0)
    session = Session("d", settings, driver, refs("u/a"), Sink())
    async with running(session):
        await asyncio.sleep(0.3)
    assert session.statistics.attempts == 1


async def test_several_timeouts_rebuild_the_connection_one_does_not() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        driver.read_error = DeviceTimeout("no answer within 0.1 s")
        await until(lambda: session.statistics.timeouts >= 1)
        assert session.state is State.DEGRADED
        driver.read_error = None
        await until(lambda: session.state is State.CONNECTED)
        assert session.statistics.connects == 1
        driver.read_error = DeviceTimeout("no answer within 0.1 s")
        await until(lambda: session.statistics.timeouts >= 4)
        driver.read_error = None
        await until(lambda: session.statistics.connects == 2)
        await until(lambda: session.state is State.CONNECTED)


async def test_a_driver_that_hangs_is_left_and_its_tags_are_marked_meanwhile() -> None:
    driver, sink = ScriptedDriver(), Sink()
    session = Session("d", device(), driver, refs("u/a"), sink)
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        driver.delay_s = 60.0
        await until(lambda: session.state is State.LOST)
        assert len(sink.of_quality(BAD | COMM)) == 1, "marked while the call still hangs"
        assert session.statistics.hung == 0
        await until(lambda: session.statistics.hung == 1)
        driver.delay_s = 0.0
        await until(lambda: session.state is State.CONNECTED)


async def test_after_being_lost_every_tag_is_read_on_a_fresh_connection() -> None:
    driver, sink = ScriptedDriver(), Sink()
    session = Session("d", device(timeout=1.0), driver, refs("u/a"), sink)
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        driver.delay_s = 0.5  # longer than dead_after, shorter than any limit
        await until(lambda: session.state is State.LOST)
        driver.delay_s = 0.0
        await until(lambda: session.state is State.CONNECTED)
        assert session.statistics.connects == 2


async def test_slow_polling_is_not_silence() -> None:
    sink = Sink()
    session = Session("d", device(period=0.4, dead_after=0.1), ScriptedDriver(), refs("u/a"), sink)
    async with running(session):
        await until(lambda: session.statistics.reads >= 3)
        assert session.state is State.CONNECTED
    assert not sink.of_quality(BAD | COMM)


async def test_a_seldom_polled_device_that_fails_is_asked_again_soon_and_marked() -> None:
    driver, sink = ScriptedDriver(), Sink()
    session = Session("d", device(period=60.0, dead_after=0.1), driver, refs("u/a"), sink)
    driver.read_error = DeviceTimeout("no answer within 0.1 s")
    async with running(session):
        await until(lambda: session.state is State.LOST)
        assert len(sink.of_quality(BAD | COMM)) == 1
        driver.read_error = None
        await until(lambda: session.state is State.CONNECTED)
        assert session.statistics.reads == 1


async def test_answers_without_a_good_sample_degrade() -> None:
    driver, sink = ScriptedDriver(), Sink()
    session = Session("d", device(), driver, refs("u/a"), sink)
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        driver.read_quality = BAD | CONFIG
        await until(lambda: session.state is State.DEGRADED)
        assert "no good sample" in session.reason
        await asyncio.sleep(0.4)
        assert session.state is State.DEGRADED, "it answers: it is not lost"
        driver.read_quality = GOOD
        await until(lambda: session.state is State.CONNECTED)
    assert not sink.of_quality(BAD | COMM)


async def test_an_unexpected_error_is_logged_once_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    driver = ScriptedDriver()
    session = Session("d", device(), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        driver.read_error = KeyError("a bug")
        await until(lambda: session.statistics.unexpected >= 3)
        driver.read_error = None
        await until(lambda: session.state is State.CONNECTED)
    assert sum(record.exc_info is not None for record in caplog.records) == 1


async def test_disable_disconnects_marks_and_refuses_and_enable_undoes_it() -> None:
    driver, sink = ScriptedDriver(), Sink()
    session = Session("d", device(), driver, refs("u/a"), sink)
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        before = session.connected
        session.disable()
        session.disable()
        assert (before, session.connected) == (True, False)
        assert session.state is State.DISABLED
        assert len(sink.of_quality(BAD | OUT_OF_SERVICE)) == 1
        await until(lambda: not driver.is_open)
        (result,) = await session.write([Write(0, 1.0)])
        assert result.error == "the device is disabled"
        delivered = len(sink.columns)
        await asyncio.sleep(0.4)
        assert len(sink.columns) == delivered
        session.enable()
        await until(lambda: session.state is State.CONNECTED)


async def test_enabled_again_before_the_connection_has_ended() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        session.disable()
        session.enable()
        await until(lambda: session.statistics.connects == 2)
        await until(lambda: session.state is State.CONNECTED)


async def test_disabled_before_it_runs() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(), driver, refs("u/a"), Sink())
    session.disable()
    async with running(session):
        await asyncio.sleep(0.1)
        assert session.state is State.DISABLED
        assert driver.log == []
        session.enable()
        await until(lambda: session.state is State.CONNECTED)


async def test_unreadable_tags_are_marked_and_do_not_hinder() -> None:
    driver, sink = ScriptedDriver(), Sink()
    driver.unreadable = {1: "no such type"}
    session = Session("d", device(), driver, refs("u/a", "u/b"), sink)
    assert session.unreadable == {1: "no such type"}
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
    (marked,) = sink.of_quality(BAD | CONFIG)
    assert list(marked.tag) == [1]


async def test_text_tags_are_marked_as_texts() -> None:
    driver, sink = ScriptedDriver(), Sink()
    driver.reachable = False
    session = Session("d", device(), driver, refs("u/a", kind=TagKind.TEXT), sink)
    async with running(session):
        await until(lambda: bool(sink.columns))
    (text,) = sink.columns[0].texts
    assert (text.tag, text.value, text.quality) == (0, None, BAD | COMM)


async def test_missed_periods_are_skipped_and_counted() -> None:
    driver = ScriptedDriver()
    driver.delay_s = 0.07
    session = Session("d", device(), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.statistics.reads >= 5)
    assert session.statistics.periods_missed >= 2 * session.statistics.reads
    assert session.statistics.reads <= 7


async def test_a_read_that_stopped_early_goes_on_at_once() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(period=30.0), driver, refs("u/a"), Sink())
    driver.more_due = True
    async with running(session):
        await until(lambda: session.statistics.reads >= 5)
        driver.more_due = False


async def test_cancelling_ends_within_a_second_even_if_close_hangs() -> None:
    class Sticky(ScriptedDriver):
        async def close(self) -> None:
            await asyncio.sleep(60)

    driver = Sticky()
    session = Session("d", device(), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        driver.delay_s = 60.0
        await until(lambda: driver.busy == 1)
        began = time.monotonic()
    assert time.monotonic() - began < 1.0
    assert session.statistics.hung >= 1


async def test_a_quiet_subscription_stays_connected_and_takes_writes() -> None:
    driver, sink = ScriptedDriver(subscribes=True), Sink()
    session = Session("d", device(), driver, refs("u/a"), sink)
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        await asyncio.sleep(0.5)
        assert session.state is State.CONNECTED
        assert sum(len(columns) == 0 for columns in sink.columns) > 5, "keep-alives are passed on"
        (result,) = await session.write([Write(0, 5.0)])
        assert result.error is None
    assert driver.store == {0: 5.0}


async def test_a_silent_subscription_is_lost_and_built_anew() -> None:
    driver, sink = ScriptedDriver(subscribes=True), Sink()
    session = Session("d", device(), driver, refs("u/a"), sink)
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        driver.silent = True
        await until(lambda: session.state is State.LOST)
        assert len(sink.of_quality(BAD | COMM)) == 1
        driver.silent = False
        await until(lambda: session.state is State.CONNECTED)
        assert session.statistics.connects >= 2


async def test_a_subscription_that_fails_reconnects() -> None:
    driver = ScriptedDriver(subscribes=True)
    session = Session("d", device(), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        driver.read_error = Disconnected("reset by peer")
        await until(lambda: session.state is State.DEGRADED)
        assert session.reason == "reset by peer"
        driver.read_error = None
        await until(lambda: session.state is State.CONNECTED)


async def test_a_device_that_is_only_written_is_alive_when_writes_arrive() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(), driver, refs("u/a", access=Access.WRITE), Sink())
    async with running(session):
        await until(lambda: driver.is_open)
        await until(lambda: session.state is State.LOST)
        assert (await session.write([Write(0, 1.0)]))[0].error is None
        assert session.state is State.CONNECTED
    assert "read" not in driver.log


async def test_whatever_a_driver_counts_in_fits_into_the_health() -> None:
    class Telling(ScriptedDriver):
        facts: ClassVar[Mapping[str, Any]] = {
            "samples": np.int64(3),
            "position_s": np.float64(1.5),
            "state": "well",
            "end": None,
            "odd": (1, 2),
        }

    session = Session("d", device(), Telling(), refs("u/a"), Sink())
    told = {"samples": 3, "position_s": 1.5, "state": "well", "end": None, "odd": "(1, 2)"}
    assert orjson.loads(orjson.dumps(session.facts)) == told
