"""The devices that every test of the contract runs against. A driver joins by a line in RIGS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

import pytest
import uvloop

from tests.contract import line_rig, modbus_rig, opcua_rig, replay_rig, sparkplug_rig
from tests.contract.rig import Rig

RIGS: dict[str, Callable[[], Rig]] = {
    "modbus-libmodbus": modbus_rig.libmodbus_rig,
    "modbus-pymodbus": modbus_rig.pymodbus_rig,
    "modbus-rtu": modbus_rig.rtu_rig,
    "modbus-serial": modbus_rig.serial_rig,
    "opcua-followed": opcua_rig.followed_rig,
    "opcua-polled": opcua_rig.polled_rig,
    "example": line_rig.LineRig,
    "sparkplug": sparkplug_rig.SparkplugRig,
    "replay": replay_rig.ReplayRig,
}


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Drivers run on uvloop where the platform has it, so they are tested on it."""
    return {"uvloop": uvloop.new_event_loop}


SAME_FOR_THE_SESSION = frozenset({"modbus-pymodbus", "modbus-library"})
"""Rigs that differ from another only in what the driver's own tests look at."""


NO_EQUIPMENT = frozenset({"replay"})
"""Rigs without a device that could be frozen, changed or written to."""
_OF_EQUIPMENT = frozenset({"freeze", "change", "writable"})
"""What a test uses of such a device."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the rigs of a module."""
    if "rig" in metafunc.fixturenames:
        of_session = metafunc.module.__name__.endswith("test_session")
        names = [name for name in RIGS if not (of_session and name in SAME_FOR_THE_SESSION)]
        if _OF_EQUIPMENT & {*metafunc.function.__code__.co_names}:
            names = [name for name in names if name not in NO_EQUIPMENT]
        metafunc.parametrize("_shared_rig", names, indirect=True, scope="module")


@pytest.fixture(scope="module")
def _shared_rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    rig = RIGS[request.param]()
    yield rig
    rig.stop()


@pytest.fixture
def rig(_shared_rig: Rig) -> Rig:
    """A device whose server runs, healthy, with its known values."""
    _shared_rig.reset()
    return _shared_rig
