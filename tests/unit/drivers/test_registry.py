"""Drivers are found by name: ours, and those that packages bring with an entry point."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.devices import DeviceBase, ModbusDevice, OtherDevice
from drivers import registry
from drivers.modbus.driver import ModbusDriver
from drivers.registry import UnknownDriverError

PACKAGE = """
from tests.unit.drivers.scripted import ScriptedDriver

def make(name, device):
    driver = ScriptedDriver()
    driver.name, driver.settings = name, device.settings
    return driver

def no_driver(name, device):
    return object()
"""
ENTRY_POINTS = """[cellgate.drivers]
acme = acme_driver:make
wrong = acme_driver:no_driver
missing = acme_driver:nothing
modbus = acme_driver:make
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package that brings drivers, installed the way pip leaves it."""
    (tmp_path / "acme_driver.py").write_text(PACKAGE)
    metadata = tmp_path / "acme_driver-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-driver\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    registry.available.cache_clear()
    yield
    registry.available.cache_clear()
    sys.modules.pop("acme_driver", None)


def test_ours_are_there() -> None:
    device = ModbusDevice(driver="modbus", host="127.0.0.1")
    assert isinstance(registry.create("d", device), ModbusDriver)
    assert {"modbus", "opcua"} <= set(registry.available())


@pytest.mark.usefixtures("package")
def test_a_package_brings_a_driver() -> None:
    driver = registry.create("d", OtherDevice(driver="acme", settings={"line": 4}))
    assert (driver.name, driver.settings) == ("d", {"line": 4})  # type: ignore[attr-defined]  # the package's own


@pytest.mark.usefixtures("package")
def test_nobody_replaces_ours() -> None:
    device = ModbusDevice(driver="modbus", host="127.0.0.1")
    assert isinstance(registry.create("d", device), ModbusDriver)


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nosuch", "no driver 'nosuch' is installed.*modbus"),
        ("missing", "cannot be loaded.*nothing"),
        ("wrong", "made no driver"),
    ],
)
def test_what_is_wrong_is_said(name: str, why: str) -> None:
    device: DeviceBase = OtherDevice(driver=name)
    with pytest.raises(UnknownDriverError, match=f"device d: .*{why}"):
        registry.create("d", device)
