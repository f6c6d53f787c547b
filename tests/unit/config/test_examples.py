"""The example plants load, without warnings, and fit the simulated equipment."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from config.devices import ModbusAddress, OpcUaAddress, RegisterType
from config.load import Loaded, load
from config.tags import Access, Tag, TagKind

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "config" / "examples"
_KEYS = {
    f"CELLGATE_KEY_{user}": base64.b64encode(bytes([n] * 32)).decode()
    for n, user in enumerate(("OPERATOR", "SUPERVISOR", "ENGINEER", "BATCH"))
}
_OPCUA_KINDS = {"Boolean": TagKind.BOOL, "String": TagKind.TEXT}


@pytest.fixture(scope="module")
def cmo() -> Loaded:
    return load(EXAMPLES / "cmo" / "plant.yaml", _KEYS)


def test_the_minimal_example() -> None:
    result = load(EXAMPLES / "minimal.yaml", {})
    assert result.warnings == ()
    assert list(result.site.loops) == ["bath/temp"]


def test_the_cmo_site_has_nothing_to_warn_of(cmo: Loaded) -> None:
    assert [str(warning) for warning in cmo.warnings] == []


def test_the_cmo_site_is_what_it_says(cmo: Loaded) -> None:
    site = cmo.site
    assert site.site.name == "basel"
    assert {name: (unit.area, unit.cell) for name, unit in site.units.items()} == {
        "br1": ("upstream", "suite1"),
        "br2": ("upstream", "suite1"),
        "fill": ("filling", "line1"),
        "rooms": ("cleanroom", "ems"),
    }
    assert [site.units[unit].template for unit in ("br1", "br2")] == ["bioreactor"] * 2
    assert site.gateway.scan_period == 0.05
    assert {name: site.speed_of(name) for name in site.devices} == {
        "br1": 60,
        "br2": 60,
        "fill": 5,
        "ems": 20,
    }
    assert all(device.watchdog for device in site.devices.values())
    assert set(site.access.users) == {"operator", "supervisor", "engineer", "batch"}


def test_without_keys_nobody_can_command() -> None:
    result = load(EXAMPLES / "cmo" / "plant.yaml", {})
    assert result.site.access.users == {}
    assert len(result.warnings) == 4


def test_ports_come_from_the_environment() -> None:
    ports = {
        f"CELLGATE_PORT_{name}": str(4000 + n)
        for n, name in enumerate(("BR1", "BR2", "FILL", "EMS", "BROKER"))
    }
    site = load(EXAMPLES / "cmo" / "plant.yaml", ports).site
    assert ":4000/" in str(site.devices["br1"].model_dump()["endpoint"])
    assert [site.devices[name].model_dump()["port"] for name in ("fill", "ems")] == [4002, 4003]
    assert site.streams.broker.port == 4004


def test_every_alarm_says_what_to_do(cmo: Loaded) -> None:
    for name, alarm in cmo.site.alarms.items():
        texts = (alarm.cause, alarm.consequence, alarm.action)
        assert all(len(text) > 10 for text in texts), name
        assert alarm.time_to_respond, name


def _simulated() -> dict[str, dict[tuple[str, ...], list[str]]]:
    """Return the rows of the simulators' address list, by chapter and address."""
    chapters: dict[str, dict[tuple[str, ...], list[str]]] = {}
    chapter = ""
    for line in (ROOT / "simulators" / "ADDRESSES.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            chapter = line[3:]
            chapters[chapter] = {}
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            chapters[chapter][(cells[0],)] = cells
        elif re.match(r"\| (input|holding|coil|discrete) ", line):
            chapters[chapter][cells[0], cells[1]] = cells
    return chapters


def _range(text: str) -> tuple[float, float] | None:
    low, _, high = text.partition(" … ")
    return (float(low), float(high)) if high else None


def _check_range(name: str, tag: Tag, unit: str, text: str) -> None:
    found = _range(text)
    assert tag.unit == unit or not unit, name
    if found is not None and tag.low is not None and tag.high is not None:
        assert (tag.low.to(tag.unit), tag.high.to(tag.unit)) == pytest.approx(found), name


@pytest.mark.parametrize("unit", ["br1", "br2"])
def test_the_bioreactors_nodes_are_those_of_the_simulator(unit: str, cmo: Loaded) -> None:
    rows = _simulated()["Bioreactor (OPC UA)"]
    named = set()
    for name, tag in cmo.site.units[unit].tags.items():
        assert isinstance(tag.address, OpcUaAddress)
        assert tag.address.namespace == "urn:cellgate:simulator:bioreactor"
        _, kind, engineering_unit, limits, access, _ = rows[str(tag.address.identifier),]
        named.add(tag.address.identifier)
        assert tag.kind is _OPCUA_KINDS.get(kind, TagKind.NUMBER), name
        assert (tag.access is not Access.READ) == (access == "rw"), name
        _check_range(name, tag, engineering_unit, limits)
    assert named == {identifier for (identifier,) in rows}


@pytest.mark.parametrize(
    ("unit", "chapter"), [("fill", "Fill line (Modbus TCP)"), ("rooms", "Clean-room monitoring (Modbus TCP)")]
)
def test_the_registers_are_those_of_the_simulators(unit: str, chapter: str, cmo: Loaded) -> None:
    rows = _simulated()[chapter]
    for name, tag in cmo.site.units[unit].tags.items():
        address = tag.address
        assert isinstance(address, ModbusAddress)
        _, _, signal, kind, words, factor, engineering_unit, limits, access, _ = rows[
            address.table, str(address.address)
        ]
        assert address.type == RegisterType(kind), (name, signal)
        assert not words or address.word_order == words, name
        assert (tag.access is not Access.READ) == (access == "rw"), name
        if unit == "rooms":
            _check_range(name, tag, engineering_unit, limits)
        if factor:
            assert tag.scaling is not None
            scaling = tag.scaling
            gain = (scaling.high.magnitude - scaling.low.magnitude) / (scaling.raw_high - scaling.raw_low)
            assert gain == pytest.approx(float(factor)), name
            assert scaling.low.magnitude == pytest.approx(gain * scaling.raw_low), name
        else:
            assert tag.scaling is None, name
