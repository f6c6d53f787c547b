"""Grafana's dashboards of the example site: whole, nothing overlaps, and InfluxDB answers every query."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from config.load import load
from config.site import Site
from gateway.grafana.dashboards import dashboards
from gateway.historian.influx_lines import EVENT_MEASUREMENT
from tests.servers.databases import Influxd
from tests.servers.process import ROOT

SITE = load(ROOT / "config/examples/cmo/plant.yaml", {"CELLGATE_SPEED": "60"}).site
MADE = dashboards(SITE)
RANGE = "time > now() - 1h"


def queries(kind: str) -> list[str]:
    panels = [panel for document in MADE.values() for panel in document["panels"]]
    targets = [
        target for panel in panels for target in panel["targets"] if target["datasource"]["type"] == kind
    ]
    return [target["query"] if kind == "influxdb" else target["expr"] for target in targets]


@pytest.mark.parametrize("name", MADE)
def test_panels_have_a_place_of_their_own(name: str) -> None:
    panels = MADE[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


def test_every_unit_has_its_own_and_every_number_is_shown() -> None:
    assert {name for name in MADE if name.startswith("unit-")} == {f"unit-{unit}" for unit in SITE.units}
    asked = " ".join(queries("influxdb"))
    missing = [loop.pv for loop in SITE.loops.values() if f"'{loop.pv}'" not in asked]
    assert missing == []
    assert len({document["uid"] for document in MADE.values()}) == len(MADE)


def test_figures_are_those_that_the_services_serve() -> None:
    from gateway.metrics.families import gateway_families, historian_families
    from tests.unit.gateway.test_metrics import GATEWAY, HISTORIAN

    families = [*gateway_families(GATEWAY), *historian_families(HISTORIAN)]
    served = {sample.name for family in families for sample in family.samples}
    for expression in queries("prometheus"):
        name = next(
            word for word in expression.replace("(", " ").replace("[", " ").split() if "cellgate" in word
        )
        assert name in served, expression


async def test_events_are_found_in_a_bucket_of_their_own(tmp_path: Path) -> None:
    store = {"type": "influxdb", "url": "http://localhost", "events_bucket": "what-happened"}
    apart = Site.model_validate(
        {
            "site": {"name": "s"},
            "gateway": {"name": "g"},
            "units": {"u": {"area": "a", "cell": "c", "tags": {"pv": {}}}},
            "streams": {"historians": [{"name": "h", "store": store}]},
        }
    )
    influxd = Influxd(tmp_path / "influxd")
    await influxd.start()
    try:
        for name in ("cellgate", "what-happened"):
            influxd.post("/query", q=f'CREATE DATABASE "{name}"')
        write(influxd, f'{EVENT_MEASUREMENT},type=alarm,unit=u event="{{}}"\n', "what-happened")
        for document in (dashboards(apart)["alarms"], dashboards(apart)["unit-u"]):
            query = next(p["targets"][0]["query"] for p in document["panels"] if p["type"] == "table")
            real = query.replace("$timeFilter", RANGE)
            (answer,) = orjson.loads(influxd.post("/query", db="cellgate", q=real))["results"]
            assert answer.get("series"), real
    finally:
        await influxd.kill()


async def test_influxdb_answers_every_query(tmp_path: Path) -> None:
    influxd = Influxd(tmp_path / "influxd")
    await influxd.start()
    try:
        influxd.post("/query", q="CREATE DATABASE cellgate")
        names = [name for name, tag in SITE.tags.items() if tag.kind != "text"]
        lines = "".join(f"cellgate,name={name} value=1.5,quality=0i\n" for name in names)
        for kind in ("alarm", "command", "interlock", "device"):
            lines += f'{EVENT_MEASUREMENT},type={kind},unit=br1 id="{kind}",event="{{}}"\n'
        write(influxd, lines)
        for query in queries("influxdb"):
            real = query.replace("$timeFilter", RANGE).replace("$__interval", "1m")
            (answer,) = orjson.loads(influxd.post("/query", db="cellgate", q=real))["results"]
            assert "error" not in answer, real
            if 'FROM "cellgate"' in real or "'br1'" in real or "'alarm'" in real:
                assert answer.get("series"), f"nothing found by: {real}"
    finally:
        await influxd.kill()


def write(influxd: Influxd, lines: str, database: str = "cellgate") -> None:
    import urllib3

    answer = urllib3.request("POST", f"{influxd.url}/write?db={database}", body=lines.encode())
    assert answer.status == 204, answer.data


def test_provisioning_names_the_sources_that_the_panels_use() -> None:
    text = (ROOT / "deploy/grafana/provisioning/datasources/cellgate.yaml").read_text(encoding="utf-8")
    given: dict[str, Any] = {source["uid"]: source["type"] for source in yaml.safe_load(text)["datasources"]}
    used = {
        (target["datasource"]["uid"], target["datasource"]["type"])
        for document in MADE.values()
        for panel in document["panels"]
        for target in panel["targets"]
    }
    assert used == set(given.items())
