"""Modbus devices and addresses in a file: ways to a device, profiles, manuals' numbers, and mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from config.devices import ModbusAddress, ModbusDevice, Table
from config.modbus_line import PROFILES, ProfileName
from tests.unit.config.writing import loaded, told

SITE = """\
site: {{name: s}}
gateway: {{name: g}}
devices: {{plc: {{driver: modbus, {device}}}}}
units: {{u: {{area: a, cell: c, tags: {{t.pv: {{device: plc, address: {{{address}}}}}}}}}}}
"""


def device(**settings: Any) -> ModbusDevice:
    return ModbusDevice.model_validate({"driver": "modbus", "host": "h", **settings})


def test_a_profile_sets_what_the_device_does_not() -> None:
    assert device().max_gap == 16
    assert device(profile="no_gaps").max_gap == 0
    assert device(profile="slow").pause == 0.02
    assert device(profile="slow", max_gap=2).max_gap == 2, "a key of its own wins"


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_profile_is_a_device(name: str) -> None:
    assert device(profile=name).profile == name
    assert name in ProfileName.__args__  # type: ignore[attr-defined]  # a Literal's names


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"host": ""}, "either a host or a serial line"),
        ({"serial": {"port": "/dev/ttyS0"}}, "either a host or a serial line"),
        ({"host": "", "serial": {"port": "/dev/ttyS0", "baud": 12345}}, "baud"),
        ({"framing": "rtu", "max_outstanding": 2}, "several requests at once need transaction ids"),
        ({"ignore_transaction_id": True, "profile": "pipelining"}, "need transaction ids"),
        ({"write_and_read": True, "write_multiple_only": True}, "exclude each other"),
        ({"profile": "no_gabs"}, "no_gaps"),
        ({"tls": {"trusted": "a"}}, "certificate"),
    ],
)
def test_devices_that_cannot_be(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        device(**settings)


@pytest.mark.parametrize(
    ("reference", "table", "address"),
    [
        (40001, Table.HOLDING, 0),
        (49999, Table.HOLDING, 9998),
        (400001, Table.HOLDING, 0),
        ("465536", Table.HOLDING, 65535),
        (30011, Table.INPUT, 10),
        (310000, Table.INPUT, 9999),
        (10001, Table.DISCRETE, 0),
        ("00001", Table.COIL, 0),
        ("000017", Table.COIL, 16),
    ],
)
def test_the_numbers_of_manuals(reference: int | str, table: Table, address: int) -> None:
    made = ModbusAddress.model_validate({"reference": reference})
    assert (made.table, made.address) == (table, address)
    for base in (0, 1):
        assert made.on_the_wire(base) == address, "they always count from 1"


@pytest.mark.parametrize("reference", [40000, 4001, 50001, 465537, "21", 17, "4x0001", -40001, True])
def test_numbers_that_no_manual_has(reference: Any) -> None:
    with pytest.raises(ValidationError):
        ModbusAddress.model_validate({"reference": reference})


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ({"reference": 40001, "address": 1}, "leave those out"),
        ({"address": 1, "bits": 4, "bit": 13}, "end beyond the register's 16"),
        ({"address": 1, "type": "bits"}, "bits .how many. goes with type bits"),
        ({"address": 1, "half": "low"}, "half goes with int8 and uint8"),
        ({"address": 1, "type": "float32", "dword_order": "big"}, "dword_order goes with 64 bits"),
        ({"address": 1, "table": "file"}, "file .its number. goes with table file"),
        ({"address": 9999, "table": "file", "file": 1, "type": "uint32"}, "end beyond 9999"),
        ({"address": 1, "entry": 2}, "entry goes with table fifo"),
        ({"address": 1, "table": "fifo", "type": "float32"}, "leave out type"),
        ({"address": 1, "table": "fifo", "entry": 30, "type": "float32"}, "end beyond 31"),
        ({"address": 1, "table": "coil", "bits": 65}, "less than or equal to 64"),
    ],
)
def test_addresses_that_cannot_be(address: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        ModbusAddress.model_validate(address)


def test_addresses_that_count_from_one() -> None:
    address = ModbusAddress(address=1)
    assert (address.on_the_wire(0), address.on_the_wire(1)) == (1, 0)
    with pytest.raises(ValueError, match="before the device's first, which is 1"):
        ModbusAddress(address=0).on_the_wire(1)
    assert ModbusAddress(address=65536).on_the_wire(1) == 65535


@pytest.mark.parametrize(
    ("said", "address", "why"),
    [
        ("host: h, address_base: 1", "address: 0", "address 0 is before the device's first, which is 1"),
        ("host: h", "address: 65535, type: float32", "2 registers from 65535 end beyond 65535"),
        ("host: h, framing: rtu, unit_id: 0", "address: 1", "unit id 0 is the broadcast of a serial line"),
        ("serial: {port: /dev/ttyS0}", "address: 1, unit_id: 0", "unit id 0 is the broadcast"),
        ("host: h, profile: small_reads", "address: 1, type: string, length: 40", "would be split"),
    ],
)
def test_what_only_shows_with_the_device(said: str, address: str, why: str, tmp_path: Path) -> None:
    """#36: ids, bases and limits are told before anything is connected."""
    assert any(why in line for line in told(tmp_path, SITE.format(device=said, address=address)))


def test_a_serial_line_loads(tmp_path: Path) -> None:
    said = "serial: {port: /dev/serial/by-id/scales, baud: 9600, parity: odd}, timeout: 500 ms"
    made = loaded(tmp_path, SITE.format(device=said, address="reference: 40021")).site.devices["plc"]
    assert isinstance(made, ModbusDevice)
    assert made.serial is not None
    assert (str(made.serial.port), made.serial.baud) == ("/dev/serial/by-id/scales", 9600)
