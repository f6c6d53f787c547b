"""What is told of loops each interval: what they gained since the last time, and who needs a look."""

from __future__ import annotations

from typing import Any

import pytest

from control.engine import Engine
from gateway.stream.event_model import Event
from gateway.stream.loop_events import LoopPerformanceEvent
from gateway.stream.loop_report import LoopReport
from tests.unit.control.loop_plant import plant


class Teller:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.told: list[LoopPerformanceEvent] = []

    async def __call__(self, event: Event) -> None:
        assert isinstance(event, LoopPerformanceEvent)
        self.told.append(event)


def reported(**loop: Any) -> tuple[Any, LoopReport, Teller]:
    tested, teller = plant(**loop), Teller()
    return tested, LoopReport(tested.site, Engine(tested.tables), teller), teller


async def test_a_report_tells_of_its_own_interval() -> None:
    tested, report, teller = reported()
    await report.report()
    assert teller.told == []
    tested.scan(40, pv=45.0, trip=0.0)
    await report.report()
    tested.scan(20, pv=44.0, trip=0.0)
    await report.report()
    first, second = teller.told
    assert (first.name, first.unit, second.service_percent) == ("u/l", "u", 100.0)
    assert first.duration_s == pytest.approx(4.0)
    assert second.duration_s == pytest.approx(2.0)
    assert second.mean_error == pytest.approx(6.0)
    assert second.normal_percent == 100.0
    assert report.summary == {"oscillating": [], "saturated": []}


async def test_a_loop_at_its_limit_and_one_that_swings_are_named() -> None:
    tested, report, _ = reported(ti="2 s")
    tested.scan(100, pv=10.0, trip=0.0)
    await report.report()
    assert report.summary["saturated"] == ["u/l"]
    tested.state.performance.detections[0] = 12.0
    tested.scan(1, pv=50.0, trip=0.0)
    await report.report()
    assert report.summary["oscillating"] == ["u/l"]
