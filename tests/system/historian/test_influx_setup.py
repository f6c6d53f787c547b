"""`cellgate influx`: InfluxDB 1 takes what is written out, and makes the trends that it says."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from config.streams import InfluxStore as InfluxConfig
from gateway.cli.main import app
from gateway.historian.api import EventFilter
from gateway.historian.buckets import Grid
from gateway.historian.influx import InfluxStore
from gateway.historian.influx_reader import InfluxReader
from gateway.historian.influx_setup import downsampling
from tests.messages import Sample, alarm, stored, stored_event
from tests.servers.databases import Influxd

SECOND, MINUTE = 10**9, 60 * 10**9
SITE = """\
site: {name: site1}
gateway: {name: gw1}
units: {br1: {area: a, cell: c, tags: {a: {}}}}
streams:
  historians:
    - name: plant
      store:
        type: influxdb
        url: %s
        api: %s
        bucket: points
        events_bucket: events
        retention: {points: 90 d, events: 3650 d}
        trends:
          - {every: 60 s, bucket: minutes, retention: 1825 d}
"""


@pytest.fixture
async def influxd(tmp_path: Path) -> AsyncIterator[Influxd]:
    server = Influxd(tmp_path / "influxd")
    await server.start()
    yield server
    await server.kill()


def written_out(folder: Path, url: str, api: str) -> Path:
    site = folder / "site.yaml"
    site.write_text(SITE % (url, api), encoding="utf-8")
    done = CliRunner().invoke(app, ["influx", str(site), "-o", str(folder / "out")])
    assert done.exit_code == 0, done.output
    assert "buckets points, events, minutes" in done.output
    return folder / "out" / "plant"


def ask(server: Influxd, query: str, database: str = "") -> dict[str, Any]:
    answer = orjson.loads(server.post("/query", q=query, db=database, epoch="ns"))
    assert "error" not in answer["results"][0], (query, answer)
    result: dict[str, Any] = answer["results"][0]
    return result


def config(server: Influxd) -> InfluxConfig:
    return InfluxConfig.model_validate(
        {
            "type": "influxdb", "api": "v1", "url": server.url, "bucket": "points", "events_bucket": "events",
            "retention": {"points": "90 d"}, "trends": [{"every": "60 s", "bucket": "minutes"}],
        }
    )  # fmt: skip


async def test_influxdb_1_is_set_up_and_makes_the_trends(influxd: Influxd, tmp_path: Path) -> None:
    statements = (written_out(tmp_path, influxd.url, "v1") / "setup.influxql").read_text().splitlines()
    for _ in range(2):  # running them again does no harm
        for statement in statements:
            ask(influxd, statement)
    for database, length in (("points", "2160h0m0s"), ("events", "87600h0m0s"), ("minutes", "43800h0m0s")):
        (policy,) = ask(influxd, "SHOW RETENTION POLICIES", database)["series"][0]["values"]
        assert (policy[0], policy[1]) == ("autogen", length)
    queries = {s["name"]: s.get("values", []) for s in ask(influxd, "SHOW CONTINUOUS QUERIES")["series"]}
    assert [name for name, _ in queries["points"]] == ["points-every-60s"]

    # The policies would refuse times of long ago; the trend is of the last minutes.
    store, now_ns = InfluxStore(config(influxd)), time.time_ns() // MINUTE * MINUTE - 3 * MINUTE
    values = np.random.default_rng(1).normal(size=120)
    samples = [
        Sample("br1/a", float(value), now_ns + n * SECOND, quality=0x8000_0000 if n == 70 else 0)
        for n, value in enumerate(values)
    ]
    outcome = store.write([stored(1, samples), stored_event(2, alarm(now_ns))])
    assert (outcome.taken, outcome.rejected, outcome.keep) == (2, [], "")
    store.close()
    ask(influxd, downsampling(config(influxd), config(influxd).trends[0], f"time >= {now_ns}"))
    rows = ask(influxd, 'SELECT * FROM cellgate GROUP BY "name"', "minutes")["series"][0]
    table = {name: [row[at] for row in rows["values"]] for at, name in enumerate(rows["columns"])}
    reader = InfluxReader(config(influxd))
    (ours,) = reader.buckets(["br1/a"], Grid.over(now_ns, now_ns + 2 * MINUTE, 2))
    assert table["time"] == ours.grid.starts().tolist()
    for column in ("count", "least", "greatest", "mean", "first", "last", "quality"):
        assert table[column] == getattr(ours, column).tolist(), column
    assert [event["type"] for event in reader.events(EventFilter(0, now_ns + MINUTE))] == ["alarm"]
    reader.close()
    assert "cellgate_event" in str(ask(influxd, "SHOW MEASUREMENTS", "events"))
    assert "cellgate_event" not in str(ask(influxd, "SHOW MEASUREMENTS", "points"))


def test_influxdb_2_gets_commands_and_tasks(tmp_path: Path) -> None:
    folder = written_out(tmp_path, "http://influx:8086", "v2")
    commands = (folder / "setup.sh").read_text()
    assert "influx bucket create --org 'cellgate' --name 'points' --retention 7776000s" in commands
    assert "influx task create --org 'cellgate' --file 'points-every-60s.flux'" in commands
    task = (folder / "points-every-60s.flux").read_text()
    assert task.startswith('option task = {name: "points-every-60s", every: 60s, offset: 6s}\n')
    for function, field, name in (
        ("min", "value", "least"),
        ("max", "quality", "quality"),
        ("last", "value", "last"),
    ):
        assert f'points(field: "{field}")\n    |> aggregateWindow(every: 60s, fn: {function},' in task
        assert f'|> kept(field: "{name}")' in task
    assert task.count("(") == task.count(")")
    assert 'to(bucket: "minutes", org: "cellgate")' in task


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"retention": {"points": "1 d"}}, "one bucket has one retention"),
        ({"retention": {"points": "1 d", "trends": "2 d"}}, "give each entry of trends its retention"),
        ({"events_bucket": "cellgate"}, "a bucket of their own"),
        ({"trends": [{"every": "1 min", "bucket": "cellgate"}]}, "a bucket of their own"),
    ],
)
def test_classes_of_data_that_cannot_be_kept_apart(more: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        InfluxConfig.model_validate({"type": "influxdb", "url": "http://influx:8086", **more})


def test_a_site_without_influxdb_is_told(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(SITE.split("streams:", maxsplit=1)[0], encoding="utf-8")
    done = CliRunner().invoke(app, ["influx", str(site), "-o", str(tmp_path / "out")])
    assert (done.exit_code, "no historian" in done.output) == (1, True)
