"""The example site reads the simulated devices as they are: each address, type, scaling and range."""

from __future__ import annotations

import pathlib

import pytest

import config
from config.devices import ModbusAddress, OpcUaAddress
from config.load import load
from config.site import Site
from config.tags import Access, Tag, TagKind
from simulators.bioreactor_signals import NAMESPACE, bioreactor_signals
from simulators.device import Device
from simulators.environment_signals import environment_registers
from simulators.fill_line_signals import fill_line_registers
from simulators.plant import build_plant
from simulators.registers import words_of
from simulators.signals import Kind, Register, Signal

PLANT = pathlib.Path(config.__file__).parent / "examples/cmo/plant.yaml"
NODES = {signal.name: signal for signal in bioreactor_signals()}
REGISTERS = {"fill_line": fill_line_registers(), "environment": environment_registers()}


@pytest.fixture(scope="module")
def site() -> Site:
    return load(PLANT, {}).site


@pytest.fixture(scope="module")
def devices(site: Site) -> dict[str, Device]:
    return build_plant(site)


def check_common(name: str, tag: Tag, signal: Signal) -> None:
    assert (tag.access is not Access.READ) is signal.writable, name
    beside = signal.kind in (Kind.TEXT, Kind.INT64, Kind.UINT64)  # travels as text, beside the engine
    assert (tag.kind is TagKind.TEXT) is beside, name
    assert (tag.kind is TagKind.BOOL) is (signal.kind is Kind.BOOL), name
    if signal.unit and tag.low is not None and tag.high is not None:
        assert (tag.low.to(tag.unit), tag.high.to(tag.unit)) == (signal.low, signal.high), name


def check_register(name: str, tag: Tag, address: ModbusAddress, register: Register) -> None:
    check_common(name, tag, register.signal)
    if register.signal.kind is not Kind.BOOL:
        assert address.type.value == register.signal.kind.value, name
    if words_of(register) > 1:
        assert (address.word_order.value == "little") is register.little_words, name
    factor = 1.0
    if tag.scaling is not None:
        s = tag.scaling
        factor = (s.high.to(tag.unit) - s.low.to(tag.unit)) / (s.raw_high - s.raw_low)
        assert s.low.to(tag.unit) - factor * s.raw_low == pytest.approx(0.0, abs=1e-9), name
    assert factor == pytest.approx(register.factor), name


def test_every_address_of_the_example_is_there(site: Site, devices: dict[str, Device]) -> None:
    checked = 0
    for device_name, device in devices.items():
        tags = site.tags_of_device(device_name)
        assert tags
        for name, tag in tags.items():
            if isinstance(tag.address, OpcUaAddress):
                assert tag.address.namespace == NAMESPACE, name
                check_common(name, tag, NODES[str(tag.address.identifier)])
            else:
                assert isinstance(tag.address, ModbusAddress), name
                found = [
                    register
                    for register in REGISTERS[device.identity.model]
                    if (register.table.value, register.address)
                    == (tag.address.table.value, tag.address.address)
                ]
                assert len(found) == 1, name
                check_register(name, tag, tag.address, found[0])
            checked += 1
    assert checked > 200


def test_every_simulated_device_has_its_watchdog_in_the_example(
    site: Site, devices: dict[str, Device]
) -> None:
    for name in devices:
        watchdog = site.devices[name].watchdog
        assert watchdog is not None
        assert site.tags[watchdog].device == name
