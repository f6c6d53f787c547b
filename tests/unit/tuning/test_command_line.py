"""What the command line shows of relay tests and of loops, from what the historian has."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from gateway.cli import tune
from gateway.cli.main import app
from gateway.historian.hot import HotTable
from gateway.historian.incoming import Arrival
from gateway.historian.query import HOT_FILE, folder_of
from gateway.stream.event_model import Event
from gateway.stream.events import to_json, with_header
from gateway.stream.loop_events import (
    AutotuneEvent,
    LoopPerformanceEvent,
    MeasuredCycle,
    ProcessModel,
    ProposedSettings,
)
from tests.messages import EPOCH, Sample, event_topic, payload, topic

SITE = str(Path(__file__).parents[3] / "config" / "examples" / "minimal.yaml")


@pytest.fixture
def hot(tmp_path: Path) -> Iterator[HotTable]:
    table = HotTable(folder_of(tmp_path, "historian") / HOT_FILE, "historian", "")
    yield table
    table.close()


def keep(hot: HotTable, event: Event, sequence: int) -> None:
    data = with_header(to_json(event), EPOCH, 0, sequence)
    hot.commit([Arrival(event_topic("bath"), data, event.time_ns)])


def relay_test(state: str, ago_s: float, **fields: object) -> AutotuneEvent:
    common = {"gateway": "gw1", "unit": "bath", "config": "00ff", "name": "bath/temp"}
    time_ns = time.time_ns() - int(ago_s * 1e9)
    return AutotuneEvent.model_validate(
        {**common, "time_ns": time_ns, "state": state, "amplitude": 5.0, "set_point": 37.0, **fields}
    )


def printed(data: Path, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, [*arguments, "--data", str(data)])
    assert result.exit_code == code, result.output
    return result.output


def test_the_last_ended_test_is_shown(tmp_path: Path, hot: HotTable) -> None:
    keep(hot, relay_test("aborted", 900.0, reason="the PV became bad"), 1)
    finished = relay_test(
        "finished",
        60.0,
        cycle=MeasuredCycle(period_s=612.0, up_s=250.0, swing=0.4, ultimate_gain=20.5),
        model=ProcessModel(kind="lag", gain=0.25, lag_s=1234.0, delay_s=120.0),
        proposals={"simc-pi": ProposedSettings(kp=4.5, ti_s=960.0, td_s=0.0, b=1.0)},
    )
    keep(hot, finished, 2)
    keep(hot, relay_test("started", 1.0), 3)
    text = printed(tmp_path, "tune", "show", SITE, "bath/temp")
    for part in ("finished", "period 612 s", "Ku 20.5", "lag 1234 s", "delay 120 s", "simc-pi", "960"):
        assert part in text


@pytest.mark.parametrize("command", [("tune", "show", SITE, "bath/temp"), ("loops", SITE)])
def test_a_store_that_is_not_there_is_told_with_the_way_out(tmp_path: Path, command: tuple[str, ...]) -> None:
    told = printed(tmp_path / "nowhere", *command, code=1)
    assert "there is no store in" in told
    assert "--data" in told


def test_a_test_that_runs_is_told(tmp_path: Path, hot: HotTable) -> None:
    keep(hot, relay_test("started", 60.0), 1)
    assert "a relay test of bath/temp runs since" in printed(
        tmp_path, "tune", "show", SITE, "bath/temp", code=1
    )


def test_a_proposal_is_accepted_by_one_command(
    tmp_path: Path, hot: HotTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposals = {"simc-pid": ProposedSettings(kp=4.5, ti_s=960.0, td_s=30.0, b=1.0)}
    keep(hot, relay_test("finished", 60.0, proposals=proposals), 1)
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(tune, "deliver", lambda *command, **fields: sent.append((*command[3:], fields)))
    key = tmp_path / "key"
    key.write_text("none", encoding="ascii")
    arguments = ("tune", "accept", SITE, "bath/temp", "simc-pid", "-u", "ann", "-k", str(key), "-r", "new")
    assert "kp 4.5, ti 960, td 30, b 1" in printed(tmp_path, *arguments)
    ((kind, target, fields),) = sent
    assert (kind, target) == ("tune", "bath/temp")
    assert fields["parameters"] == {"kp": 4.5, "ti": 960.0, "td": 30.0, "b": 1.0}
    assert fields["reason"].startswith("simc-pid of relay test ")


def test_an_aborted_test_says_why(tmp_path: Path, hot: HotTable) -> None:
    keep(hot, relay_test("aborted", 5.0, reason="the PV became bad"), 1)
    assert "the PV became bad" in printed(tmp_path, "tune", "show", SITE, "bath/temp")
    key = tmp_path / "key"
    key.write_text("none", encoding="ascii")
    arguments = ("tune", "accept", SITE, "bath/temp", "simc-pi", "-u", "ann", "-k", str(key))
    assert "not proposed" in printed(tmp_path, *arguments, code=2)


def test_what_is_not_there(tmp_path: Path, hot: HotTable) -> None:
    del hot
    assert "no relay test of bath/temp" in printed(tmp_path, "tune", "show", SITE, "bath/temp", code=1)
    assert "there is no loop" in printed(tmp_path, "tune", "show", SITE, "bath/x", code=2)
    assert "no loop is reported yet" in printed(tmp_path, "loops", SITE, code=1)
    assert "needs --delay" in printed(tmp_path, "loops", SITE, "--harris", "bath/temp", code=2)


def test_the_last_report_of_each_loop_is_listed(tmp_path: Path, hot: HotTable) -> None:
    for sequence, service in ((1, 12.0), (2, 87.5)):
        event = LoopPerformanceEvent(
            gateway="gw1", unit="bath", config="00ff", time_ns=time.time_ns() - (9 - sequence) * 10**9,
            name="bath/temp", duration_s=600.0, service_percent=service, normal_percent=100.0,
            saturated_percent=0.0, mean_error=None, mean_absolute_error=0.02, iae=12.0,
            variability_percent=0.3, travel=40.0,
            travel_per_hour=240.0, crossings_per_hour=60.0, detections=11.0, oscillating=True,
        )  # fmt: skip
        keep(hot, event, sequence)
    (line,) = [line for line in printed(tmp_path, "loops", SITE).splitlines() if "bath/temp" in line]
    assert line.split()[:5] == ["bath/temp", "87.5", "100", "0", "–"]
    assert line.split()[-2:] == ["yes", "degC"]


def test_harris_of_stored_data(tmp_path: Path, hot: HotTable) -> None:
    """An error that is AR(1) with 0.8 from sample to sample, with a delay of five of them and the hold."""
    random, now_ns = np.random.default_rng(1), time.time_ns()
    values, error = [], 0.0
    for shock in random.normal(0, 0.1, 3500):
        error = 0.8 * error + shock
        values.append(37.0 - error)
    begin_ns = now_ns - 3500 * 10**9
    sampled = [Sample("bath/temp.pv", float(v), begin_ns + n * 10**9) for n, v in enumerate(values)]
    data = payload([Sample("bath/temp.sp", 37.0, begin_ns), *sampled], 1)
    hot.commit([Arrival(topic("bath"), data, now_ns)])
    text = printed(tmp_path, "loops", SITE, "--harris", "bath/temp", "--delay", "5 s", "--last", "58 min")
    index = float(text.split("Harris index ")[1].split()[0])
    assert index == pytest.approx(1 - 0.8**12, abs=0.05)
