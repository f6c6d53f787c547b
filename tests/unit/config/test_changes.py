"""What a configuration changes of another: every thing by its name, every field by its path."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy.typing as npt
import orjson
import pytest
from typer.testing import CliRunner

from config.assembly import restore
from config.changes import Change, FieldChange, changed_secrets, changes, needs_restart, order_changed
from config.load import load
from config.model import Model
from config.quantities import Duration, PositiveDuration, Quantity, holds_time
from config.site import Site
from gateway.acquire import Acquisition
from gateway.cli.main import app
from gateway.continuity.running import read_running, write_running
from gateway.texts import TextImage

MINIMAL = Path(__file__).parents[3] / "config" / "examples" / "minimal.yaml"
SITE = load(MINIMAL).site
UNIT = next(iter(SITE.units))


def edited(edit: Callable[[dict[str, Any]], Any]) -> Site:
    dump = SITE.model_dump(mode="json")
    edit(dump)
    return restore(orjson.dumps(dump), "edited")


def test_nothing_changes_nothing() -> None:
    assert changes(SITE, SITE) == []
    assert needs_restart(SITE, SITE) == []
    assert not order_changed(SITE, SITE)


def test_a_field_of_a_loop() -> None:
    name = next(iter(SITE.units[UNIT].loops))
    was = SITE.units[UNIT].loops[name].kp
    after = edited(lambda d: d["units"][UNIT]["loops"][name].update(kp=was + 1))
    expected = Change("loop", f"{UNIT}/{name}", "changed", (FieldChange("kp", was, was + 1),))
    assert changes(SITE, after) == [expected]
    assert needs_restart(SITE, after) == []


def test_times_are_told_from_other_numbers() -> None:
    name = next(iter(SITE.units[UNIT].loops))
    was = SITE.units[UNIT].loops[name].ti

    def edit(dump: dict[str, Any]) -> None:
        dump["units"][UNIT]["loops"][name].update(ti=was + 1, kp=77.0)
        dump["gateway"]["recording"].update(segment_period=120.0, max_bytes=20_000_000)

    found = changes(SITE, edited(edit))
    times = {field.field: field.is_time for change in found for field in change.fields}
    assert times == {
        "ti": True,
        "kp": False,
        "recording.segment_period": True,
        "recording.max_bytes": False,
    }
    optional = Probe.model_fields
    assert [holds_time(optional[name]) for name in optional] == [True, True, True, False, False]


class Probe(Model):
    """A field of every form that a time may have, and two of another."""

    a: Duration = 1.0
    b: PositiveDuration = 1.0
    c: PositiveDuration | None = None
    d: float | None = None
    e: Quantity = Quantity(1.0, "s")


def test_what_is_added_and_what_is_gone() -> None:
    tag = next(iter(SITE.units[UNIT].tags))

    def edit(dump: dict[str, Any]) -> None:
        tags = dump["units"][UNIT]["tags"]
        tags["fresh"] = tags.pop(tag) | {"device": None, "address": None}

    found = [(c.kind, c.name, c.effect) for c in changes(SITE, edited(edit))]
    assert found == [("tag", f"{UNIT}/{tag}", "removed"), ("tag", f"{UNIT}/fresh", "added")]


def test_a_unit_with_all_that_is_in_it() -> None:
    after = edited(lambda d: d["units"].update(second=d["units"][UNIT]))
    found = changes(SITE, after)
    assert ("unit", "second", "added") in [(c.kind, c.name, c.effect) for c in found]
    assert {f"second/{tag}" for tag in SITE.units[UNIT].tags} <= {c.name for c in found}


def test_the_order_of_tags_is_told() -> None:
    def edit(dump: dict[str, Any]) -> None:
        unit = dump["units"][UNIT]
        unit["tags"] = dict(reversed(unit["tags"].items()))

    after = edited(edit)
    assert changes(SITE, after) == []
    assert order_changed(SITE, after)


@pytest.mark.parametrize(
    ("section", "field", "value", "restart"),
    [
        ("streams", "broker", {"host": "elsewhere"}, ["streams.broker.host"]),
        ("gateway", "name", "other", ["gateway.name"]),
        ("gateway", "outputs_armed", True, []),
        ("site", "display_name", "Elsewhere", ["site.display_name"]),
    ],
)
def test_what_a_running_gateway_cannot_take(section: str, field: str, value: Any, restart: list[str]) -> None:
    def edit(dump: dict[str, Any]) -> None:
        old = dump[section][field]
        dump[section][field] = old | value if isinstance(old, dict) else value

    after = edited(edit)
    assert needs_restart(SITE, after) == restart
    assert [change.kind for change in changes(SITE, after)] == [section]


def test_the_command_compares_two_files_or_one_with_what_runs(tmp_path: Path) -> None:
    text = MINIMAL.read_text(encoding="utf-8")
    changed = tmp_path / "changed.yaml"
    changed.write_text(re.sub(r"kp: [\d.]+", "kp: 9", text, count=1), encoding="utf-8")
    (tmp_path / "data").mkdir()
    runner = CliRunner()
    told = runner.invoke(app, ["diff", str(MINIMAL), str(changed), "--json"])
    assert told.exit_code == 1, told.output
    (change,) = orjson.loads(told.stdout)["changes"]
    assert (change["kind"], change["fields"][0]["field"]) == ("loop", "kp")
    assert runner.invoke(app, ["diff", str(changed), "--data", str(tmp_path)]).exit_code == 2
    write_running(load(changed).site, tmp_path)
    assert read_running(tmp_path).fingerprint == load(changed).site.fingerprint
    assert runner.invoke(app, ["diff", str(changed), "--data", str(tmp_path)]).exit_code == 0
    shown = runner.invoke(app, ["diff", str(MINIMAL), "--data", str(tmp_path)])
    assert shown.exit_code == 1
    assert "kp" in shown.stdout
    changed.write_text(re.sub(r"ti: .*", "ti: 90 s", text, count=1), encoding="utf-8")
    assert "90 s" in runner.invoke(app, ["diff", str(MINIMAL), str(changed)]).stdout
    assert "…" not in shown.stdout  # no name is cut off, however narrow the terminal


_SECRETS = """
site: {{ name: s }}
gateway: {{ name: g }}
streams: {{ broker: {{ host: h, username: u, password: {broker} }} }}
devices:
  plc: {{ driver: opcua, endpoint: "opc.tcp://h:4840", username: u, password: {plc} }}
  node:
    driver: sparkplug
    settings: {{ host: h, group: g, edge_node: e, username: u, password: {node} }}
units:
  u:
    area: a
    cell: c
    tags:
      x: {{ device: plc, address: {{ identifier: X }} }}
      y: {{ device: node, address: {{ metric: Y }} }}
"""


def secret_site(folder: Path, **secrets: str) -> Site:
    given = {"broker": "one", "plc": "one", "node": "one"} | secrets
    file = folder / "site.yaml"
    file.write_text(_SECRETS.format(**given), encoding="utf-8")
    return load(file).site


def test_secrets_are_compared_though_nothing_shows_them(tmp_path: Path) -> None:
    before = secret_site(tmp_path)
    after = secret_site(tmp_path, broker="two", plc="two", node="two")
    assert (before.fingerprint, changes(before, after)) == (after.fingerprint, [])
    assert sorted(changed_secrets(before, after)) == [
        "devices.node.settings.password", "devices.plc.password", "streams.broker.password",
    ]  # fmt: skip
    assert changed_secrets(before, before) == []


@pytest.mark.parametrize("device", ["plc", "node"])
def test_a_device_with_another_secret_gets_another_session(tmp_path: Path, device: str) -> None:
    before = secret_site(tmp_path)
    acquisition = Acquisition(before, _Inbox(), TextImage(before), lambda _: None, lambda *_: None)
    assert acquisition.renewed(secret_site(tmp_path)) == {}
    assert list(acquisition.renewed(secret_site(tmp_path, **{device: "two"}))) == [device]


class _Inbox:
    def push(self, rows: npt.NDArray[Any]) -> int:
        return len(rows)
