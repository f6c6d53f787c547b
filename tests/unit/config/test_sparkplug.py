"""Sparkplug edge nodes in a configuration: what is wrong is named with its place and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.devices import OtherDevice
from drivers.sparkplug.settings import settings_of
from tests.unit.config.writing import HEAD, UNIT, loaded, told

_TAGS = "    tags:\n      temp.pv: {device: plc, address: {address: 1}}\n"
_BODY = f"{HEAD}{UNIT}{_TAGS}streams:\n  sparkplug:\n"


@pytest.mark.parametrize(
    ("nodes", "where", "why"),
    [
        ("    - {group: a/b}\n", "streams.sparkplug.0.group", "without '+', '/' and '#'"),
        ("    - {group: ''}\n", "streams.sparkplug.0.group", "cannot be a Sparkplug id"),
        ("    - {group: g, edge_node: 'a+'}\n", "edge_node", "cannot be a Sparkplug id"),
        ("    - {group: g, primary_host: 'x#'}\n", "primary_host", "cannot be a Sparkplug id"),
        (
            "    - {group: g}\n    - {group: g}\n",
            "sparkplug.1.edge_node",
            "is an edge node at 127.0.0.1:1883",
        ),
        ("    - {group: g, units: [br2]}\n", "units.0", "there is no unit 'br2'"),
        ("    - {group: g, commands: {user: scada}}\n", "commands", "units"),
        ("    - {group: g, commands: {user: scada, units: [br2]}}\n", "commands.units.0", "there is no unit"),
        (
            "    - {group: g, commands: {user: s, role: qa, units: [br1]}}\n",
            "commands.role",
            "commands nothing",
        ),
        ("    - {group: g, historical_rate: 0}\n", "historical_rate", "0"),
        ("    - {group: g, templates: true, devices: device}\n", "templates", "devices: unit"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, nodes: str, where: str, why: str) -> None:
    found = told(tmp_path, _BODY + nodes)
    assert any(where in problem and why in problem for problem in found), found


def test_a_user_that_signs_is_no_host(tmp_path: Path) -> None:
    access = f"access:\n  users:\n    scada: {{role: operator, public_key: '{'A' * 43}='}}\n"
    (problem,) = told(tmp_path, _BODY + "    - {group: g, commands: {user: scada, units: [br1]}}\n" + access)
    assert "signs its commands" in problem


def test_two_edge_nodes_may_differ_in_their_broker(tmp_path: Path) -> None:
    nodes = "    - {group: g}\n    - {group: g, broker: {host: other}}\n"
    site = loaded(tmp_path, _BODY + nodes).site
    assert [node.edge_node for node in site.streams.sparkplug] == [None, None]


def test_files_of_an_edge_nodes_broker_are_found_beside_the_configuration(tmp_path: Path) -> None:
    nodes = "    - {group: g, broker: {host: other, tls: {authority: ca.pem}}}\n"
    node = loaded(tmp_path, _BODY + nodes).site.streams.sparkplug[0]
    assert node.broker is not None
    assert node.broker.tls is not None
    assert node.broker.tls.authority == tmp_path / "ca.pem"


def test_files_of_an_input_are_found_beside_the_configuration_and_its_password_is_not_shown(
    tmp_path: Path,
) -> None:
    tls = "tls: {authority: ca.pem, certificate: own.pem, private_key: own.key}"
    settings = f"{{host: h, group: g, edge_node: e, username: u, password: hush, {tls}}}"
    text = HEAD.replace("devices:", "include: [sub/packer.yaml]\ndevices:", 1) + UNIT + _TAGS
    packer = f"devices:\n  packer: {{driver: sparkplug, settings: {settings}}}\n"
    site = loaded(tmp_path, text, {"sub/packer.yaml": packer}).site
    device = site.devices["packer"]
    assert isinstance(device, OtherDevice)
    found = settings_of("packer", device)
    assert found.tls is not None
    assert found.tls.authority == tmp_path / "sub" / "ca.pem"
    assert found.tls.certificate == tmp_path / "sub" / "own.pem"
    assert found.tls.private_key == tmp_path / "sub" / "own.key"
    assert found.password is not None
    assert found.password.get_secret_value() == "hush"
    assert "hush" not in site.model_dump_json()
    again = loaded(tmp_path / "elsewhere", text, {"sub/packer.yaml": packer}).site
    assert again.fingerprint == site.fingerprint


@pytest.mark.parametrize(
    ("nodes", "word"),
    [
        ("    - {group: Plant 1}\n", "NATS"),
        ("    - {group: g, historical: 60 d}\n", "keeps nothing as old"),
    ],
)
def test_what_is_doubtful_is_a_warning(tmp_path: Path, nodes: str, word: str) -> None:
    assert any(word in str(warning) for warning in loaded(tmp_path, _BODY + nodes).warnings)


def test_names_that_differ_in_case_alone_are_doubtful(tmp_path: Path) -> None:
    text = _BODY.replace("streams:", "      TEMP.pv: {device: plc, address: {address: 2}}\nstreams:")
    warnings = loaded(tmp_path, text + "    - {group: g}\n").warnings
    assert any("differ in case alone" in str(warning) for warning in warnings)


_DEVICE = "{host: h, group: g, edge_node: e}"


@pytest.mark.parametrize(
    ("settings", "address", "where"),
    [
        ("{host: h, group: a/b, edge_node: e}", "{metric: m}", "devices.packer.settings.group"),
        ("{host: h, group: g}", "{metric: m}", "devices.packer.settings.edge_node"),
        ("{host: h, group: g, edge_node: e, prot: 1}", "{metric: m}", "devices.packer.settings.prot"),
        (_DEVICE, "{device: d}", "units.br1.tags.speed.address.metric"),
        (_DEVICE, "{metric: ' '}", "units.br1.tags.speed.address.metric"),
    ],
)
def test_a_device_behind_an_edge_node_is_checked(
    tmp_path: Path, settings: str, address: str, where: str
) -> None:
    device = f"  packer: {{driver: sparkplug, settings: {settings}}}\n"
    tags = f"    tags:\n      speed: {{device: packer, address: {address}}}\n"
    found = told(tmp_path, HEAD + device + UNIT + tags)
    assert any(where in problem for problem in found), found
