"""A Modbus driver under test, whose registers hold their own address, and what was seen of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from config.devices import ModbusDevice
from config.tags import Access, Tag
from control.signal import BAD, GOOD
from drivers.api import TagRef
from drivers.modbus.driver import ModbusDriver
from drivers.session import Session
from drivers.states import State
from tests.contract.rig import Observer, observe, until

TIMEOUT = "120 ms"
ADDRESSES = (3, 40, 41, 90, 91, 300)
"""What the tests of faults read, in four requests."""


class Device:
    """A driver with holding registers as tags, and what was seen of them."""

    def __init__(self, addresses: list[dict[str, Any]], port: int, **settings: Any) -> None:
        base = {"driver": "modbus", "host": "127.0.0.1", "port": port, "period": "20 ms", "timeout": "150 ms"}
        quick = {
            "dead_after": "400 ms",
            "reconnect_min": "20 ms",
            "reconnect_max": "100 ms",
            "writes_armed": True,
        }
        self.device = ModbusDevice.model_validate({**base, **quick, **settings})
        self.refs = [
            TagRef(n, _name(a), Tag(device="d", address=a, access=Access.READ_WRITE))
            for n, a in enumerate(addresses)
        ]
        self.driver = ModbusDriver("d", self.device)
        assert self.driver.plan(self.refs) == {}
        self.seen = Observer(self.refs)

    async def __aenter__(self) -> Device:
        await self.driver.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.driver.close()

    def good(self) -> list[int]:
        """Return the addresses whose last sample is good (and right)."""
        names = [name for name, seen in self.seen.last.items() if seen.quality == GOOD]
        addresses = [int(name.rsplit("/", 1)[1]) for name in names]
        for name, address in zip(names, addresses, strict=True):
            assert self.seen.last[name].value == address
        return sorted(addresses)

    async def all_seen(self) -> None:
        await observe(self.driver, self.seen, lambda: len(self.seen.last) == len(self.refs))

    async def read(self) -> None:
        self.seen(await self.driver.read())
        while self.driver.more_due:
            self.seen(await self.driver.read())


def _name(address: dict[str, Any]) -> str:
    return f"{address.get('unit_id', 1)}/{address.get('address', address.get('reference'))}"


def holding(*addresses: int, unit_id: int = 1) -> list[dict[str, Any]]:
    return [{"address": address, "unit_id": unit_id} for address in addresses]


@contextlib.asynccontextmanager
async def session_of(port: int, **settings: Any) -> AsyncIterator[tuple[Session, Device]]:
    """Run a session that reads ADDRESSES, in four requests."""
    quick = {"timeout": TIMEOUT, "max_gap": 0, **settings}
    device = Device(holding(*ADDRESSES), port, **quick)
    session = Session("d", device.device, device.driver, device.refs, device.seen)
    task = asyncio.create_task(session.run(), name="session under test")
    try:
        yield session, device
    finally:
        task.cancel()
        await asyncio.wait([task])


def whole(device: Device) -> bool:
    """Whether every tag is good; that each good value is right is asserted on the way."""
    return device.good() == sorted(ADDRESSES)


def never_wrong(device: Device) -> None:
    for name, seen in device.seen.all:
        if seen.quality < BAD:
            assert seen.value == int(name.rsplit("/", 1)[1]), name


async def session_whole(session: Session, device: Device) -> None:
    """Wait until all is good again; what was found unreadable is tried seldom, or after a reconnect."""
    session.disable()
    session.enable()
    await until(lambda: session.state is State.CONNECTED and whole(device), 30)
