"""What comes out: a whole, typed site with a fingerprint that changes with every effective value."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest

from config.access import Role
from config.devices import ModbusAddress, OpcUaAddress, OpcUaDevice, OtherDevice
from config.load import ConfigError, load
from tests.unit.config.writing import HEAD, loaded, told, unit, write

_BODY = """\
tags:
  a.pv: {device: plc, unit: degC, address: {address: 0}}
  b.pv: {device: ua, unit: degC, address: {identifier: B}}
"""
_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def test_addresses_are_those_of_the_driver(tmp_path: Path) -> None:
    tags = loaded(tmp_path, unit(_BODY)).site.units["br1"].tags
    assert tags["a.pv"].address == ModbusAddress(address=0)
    assert tags["b.pv"].address == OpcUaAddress(identifier="B")


def test_files_are_named(tmp_path: Path) -> None:
    result = loaded(tmp_path, "include: [u.yaml]\n" + HEAD, {"u.yaml": unit(_BODY, "")})
    assert [os.path.relpath(file, tmp_path) for file in result.files] == ["plant.yaml", "u.yaml"]


def test_the_fingerprint_is_of_the_effective_values(tmp_path: Path) -> None:
    text = unit(_BODY)
    fingerprint = loaded(tmp_path, text).site.fingerprint
    assert len(fingerprint) == 16
    assert int(fingerprint, 16) >= 0
    same = text.replace("a.pv: {device: plc, unit: degC,", "a.pv: {unit: degC, kind: number, device: plc,")
    assert loaded(tmp_path, "# a comment\n" + same).site.fingerprint == fingerprint
    split = "include: [u.yaml]\n" + HEAD
    (tmp_path / "other").mkdir()
    assert loaded(tmp_path / "other", split, {"u.yaml": unit(_BODY, "")}).site.fingerprint == fingerprint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("address: 0", "address: 1"),
        ("unit: degC, address: {identifier", "unit: K, address: {identifier"),
        ("name: gw1", "name: gw2"),
        ("100 ms", "200 ms"),
        ("identifier: B", "identifier: B, poll: true"),
        ("a.pv", "c.pv"),
    ],
)
def test_any_change_changes_the_fingerprint(old: str, new: str, tmp_path: Path) -> None:
    text = unit(_BODY)
    assert old in text
    fingerprints = [loaded(tmp_path, t).site.fingerprint for t in (text, text.replace(old, new))]
    assert fingerprints[0] != fingerprints[1]


def test_the_order_of_tags_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    swapped = unit("tags:\n" + "\n".join(reversed(_BODY.splitlines()[1:])) + "\n")
    assert loaded(tmp_path, unit(_BODY)).site.fingerprint != loaded(tmp_path, swapped).site.fingerprint


def test_users_without_a_key_are_left_out(tmp_path: Path) -> None:
    text = unit(_BODY) + (
        "access:\n  users:\n    ann: {role: qa, public_key: '${KEY}'}\n"
        "    bob: {role: operator, public_key: '${NONE:-}'}\n"
    )
    result = loaded(tmp_path, text, KEY=_KEY)
    assert {name: user.role for name, user in result.site.access.users.items()} == {"ann": Role.QA}
    assert [w.field for w in result.warnings if "command nothing" in w.message] == [
        "access.users.bob.public_key"
    ]


def test_files_of_a_device_are_relative_to_its_file(tmp_path: Path) -> None:
    security = "security: {certificate: own.der, private_key: own.pem, trusted: trusted}"
    device = f"devices: {{ub: {{driver: opcua, endpoint: 'opc.tcp://h:1', {security}}}}}\n"
    text = "include: [sub/d.yaml]\n" + unit(_BODY)
    site = loaded(tmp_path, text, {"sub/d.yaml": device}).site
    ub = site.devices["ub"]
    assert isinstance(ub, OpcUaDevice)
    assert ub.security is not None
    assert ub.security.certificate == tmp_path / "sub" / "own.der"
    (tmp_path / "elsewhere").mkdir()
    again = loaded(tmp_path / "elsewhere", text, {"sub/d.yaml": device}).site
    assert again.fingerprint == site.fingerprint


def test_files_of_the_broker_are_relative_to_its_file(tmp_path: Path) -> None:
    tls = "tls: {authority: ca.pem, certificate: own.pem, private_key: own.key}"
    text = "include: [sub/broker.yaml]\n" + unit(_BODY)
    broker = f"streams: {{broker: {{host: h, port: 8883, {tls}}}}}\n"
    found = loaded(tmp_path, text, {"sub/broker.yaml": broker}).site.streams.broker.tls
    assert found is not None
    assert (found.authority, found.private_key) == (tmp_path / "sub" / "ca.pem", tmp_path / "sub" / "own.key")
    half = {"sub/broker.yaml": "streams: {broker: {tls: {private_key: own.key}}}\n"}
    (only,) = told(tmp_path, text, half)
    assert "streams.broker.tls: " in only
    assert "a private_key without its certificate: give both" in only


def test_the_driver_of_a_package_is_known_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = HEAD.replace(
        "devices:\n", "devices:\n  x: {driver: profinet, settings: {slots: [1, {a: '${S}'}]}}\n"
    )
    body = _BODY + "  c.pv: {device: x, address: {slot: 1, name: T}}\n"
    (only,) = told(tmp_path, unit(body, device), S="s")
    assert "devices.x.driver: there is no driver 'profinet'; use modbus, opcua" in only
    assert "or install the package" in only
    package = tmp_path / "packages" / "cellgate_profinet-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: cellgate-profinet\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[cellgate.drivers]\nprofinet = cellgate_profinet:Driver\n")
    monkeypatch.syspath_prepend(str(package.parent))
    site = loaded(tmp_path, unit(body, device), S="s").site
    x = site.devices["x"]
    assert isinstance(x, OtherDevice)
    assert x.settings == {"slots": [1, {"a": "s"}]}
    assert type(x.settings["slots"]) is list
    assert site.units["br1"].tags["c.pv"].address == {"slot": 1, "name": "T"}


def test_numbers_of_the_simulation_stay_numbers(tmp_path: Path) -> None:
    text = (
        unit(_BODY) + "simulation: {devices: {ua: {model: bioreactor, parameters: {volume_l: 50, a: [1]}}}}\n"
    )
    simulation = loaded(tmp_path, text).site.simulation
    assert simulation is not None
    assert simulation.devices["ua"].parameters == {"volume_l": 50, "a": [1]}


def test_the_collector_is_on_again_afterwards(tmp_path: Path) -> None:
    assert gc.isenabled()
    loaded(tmp_path, unit(_BODY))
    assert gc.isenabled()
    with pytest.raises(ConfigError):
        load(write(tmp_path, "a: ["), {})
    assert gc.isenabled()


def test_the_environment_of_the_process_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELLGATE_TEST_NAME", "from-outside")
    path = write(tmp_path, unit(_BODY).replace("name: gw1", "name: '${CELLGATE_TEST_NAME}'"))
    assert load(path).site.gateway.name == "from-outside"


def test_an_error_can_be_printed_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, unit(_BODY).replace("plc,", "plx,")), {})
    assert str(caught.value) == str(caught.value.problems[0])
    assert sys.getsizeof(caught.value.problems) > 0
