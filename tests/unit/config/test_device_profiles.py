"""A site's own device profiles: written once, named by many, and every mistake told in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from config.devices import ModbusDevice, OpcUaDevice
from config.load import ConfigError, load
from config.schema import file_schema

SITE = """site: {{ name: s }}
gateway: {{ name: g }}
device_profiles:
  chiller:
    driver: modbus
    profile: small_reads
    max_registers: 16
    pause: 5 ms
  skid:
    driver: opcua
    max_operations: 50
    max_followed: 400
    publishing_interval: 500 ms
{more}
devices:
  one: {{ driver: modbus, host: a, profile: chiller }}
  two: {{ driver: modbus, host: b, profile: chiller, max_registers: 60 }}
  three: {{ driver: opcua, endpoint: "opc.tcp://c:4840", profile: skid }}
  four: {{ driver: opcua, endpoint: "opc.tcp://d:4840", profile: s7-1200, max_operations: 20 }}
{devices}
units:
  u: {{ area: a, cell: c, tags: {{ t: {{ device: one, address: {{ address: 0 }} }} }} }}
"""


def _site(folder: Path, *, more: str = "", devices: str = "") -> Path:
    path = folder / "site.yaml"
    path.write_text(SITE.format(more=more, devices=devices), encoding="utf-8")
    return path


def test_devices_have_what_their_profile_says_and_they_do_not(tmp_path: Path) -> None:
    devices: dict[str, Any] = dict(load(_site(tmp_path), {}).site.devices)
    one, two, three, four = (devices[name] for name in ("one", "two", "three", "four"))
    assert isinstance(one, ModbusDevice)
    assert (one.max_registers, one.pause, one.max_bits, one.profile) == (16, 0.005, 256, "small_reads")
    assert (two.max_registers, two.pause) == (60, 0.005)
    assert isinstance(three, OpcUaDevice)
    assert (three.max_operations, three.max_followed, three.publishing_interval) == (50, 400, 0.5)
    assert (four.max_operations, four.max_followed) == (20, 1000)


def test_a_profile_and_its_contents_written_out_have_one_fingerprint(tmp_path: Path) -> None:
    by_name = load(_site(tmp_path), {}).site
    text = (tmp_path / "site.yaml").read_text(encoding="utf-8")
    out = "profile: small_reads, max_registers: 16, pause: 5 ms"
    text = text.replace("host: a, profile: chiller", f"host: a, {out}")
    (tmp_path / "site.yaml").write_text(text, encoding="utf-8")
    assert load(tmp_path / "site.yaml", {}).site.fingerprint == by_name.fingerprint


@pytest.mark.parametrize(
    ("more", "devices", "line", "words"),
    [
        ("  x: { max_gap: 3 }", "", 14, "add driver: modbus or opcua"),
        ("  slow: { driver: modbus }", "", 14, "driver modbus has a profile of this name itself"),
        ("  x: { driver: modbus, host: h }", "", 14, "host says which device it is"),
        ("  x: { driver: modbus, profile: slwo }", "", 14, "slow"),
        ("  x: { driver: modbus, max_registers: many }", "", 14, "max_registers"),
        ("  x: { driver: modbus, max_registerz: 3 }", "", 14, "max_registers"),
        ("", "  e: { driver: modbus, host: e, profile: skid }", 20, "profile"),
        ("", "  e: { driver: modbus, host: e, profile: nothing }", 20, "profile"),
        ("  a/b: { driver: modbus }", "", 14, "cannot be a name"),
    ],
)
def test_mistakes_are_told_where_they_are(
    tmp_path: Path, more: str, devices: str, line: int, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(_site(tmp_path, more=more, devices=devices), {})
    assert any(f"site.yaml:{line}" in str(each) and words in str(each) for each in caught.value.problems), (
        caught.value
    )


def test_a_profile_that_nobody_names_is_a_warning(tmp_path: Path) -> None:
    warnings = load(_site(tmp_path, more="  x: { driver: modbus, max_gap: 0 }"), {}).warnings
    assert [each.field for each in warnings if "names this profile" in str(each)] == ["device_profiles.x"]


def test_the_editor_takes_them() -> None:
    profile = {"driver": "modbus", "max_gap": 3}
    device = {"driver": "modbus", "host": "a", "profile": "chiller"}
    file = {"device_profiles": {"chiller": profile}, "devices": {"one": device}}
    jsonschema.validate(file, file_schema())
