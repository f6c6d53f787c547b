"""The Modbus driver: plans a device's tags, and has them read and written over its link.

plan.py           addresses → fewest reads       schedule.py   which are due, what was learned
reader.py         reads, and isolates trouble    writing.py    writes
decode.py codec.py  answers → columns            encode.py write_request.py  values → requests
pdu.py            reads, exception codes         identity.py   who the device says it is
link.py           the seam to the wire           transport.py  TCP, TLS, serial port
wire.py           requests under way, timeouts   mbap.py rtu.py  the two framings
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from pydantic import ValidationError

from config.devices import ModbusAddress, ModbusDevice, RegisterType, Table
from config.tags import Access, TagKind
from control.signal import Columns
from drivers.api import TagRef, Write, WriteResult
from drivers.inspection import Offered
from drivers.modbus.codec import Field, warm_up
from drivers.modbus.identity import check_identity, read_identity
from drivers.modbus.link import Link
from drivers.modbus.plan import Group, Limits, Span, plan_blocks
from drivers.modbus.reader import Reader
from drivers.modbus.scan import scan
from drivers.modbus.schedule import Poll, Schedule
from drivers.modbus.transport import WireLink
from drivers.modbus.writing import ModbusWriter

_INTEGERS = frozenset(kind for kind in RegisterType if "int" in kind)


class ModbusDriver:
    """One Modbus server, and the units behind it."""

    subscribes = False
    prepare = staticmethod(warm_up)

    def __init__(self, name: str, device: ModbusDevice, link: Link | None = None) -> None:
        """Nothing is connected; without a link of the caller's the device's framing decides."""
        self._name, self._device = name, device
        self._link = link if link is not None else WireLink(device)
        self.plan([])

    def plan(self, tags: Sequence[TagRef]) -> Mapping[int, str]:
        """Merge the addresses of the tags into the fewest reads."""
        fields: dict[int, Field] = {}
        unreadable: dict[int, str] = {}
        device = self._device
        limits = Limits(device.max_registers, device.max_bits, device.max_gap)
        points: list[tuple[Group, Span]] = []
        for ref in tags:
            try:
                address = _address(ref)
                start = address.on_the_wire(device.address_base)
            except ValueError as error:
                unreadable[ref.index] = str(error)
                continue
            fields[ref.index] = Field(ref.index, 0, address, text=ref.tag.kind is TagKind.TEXT)
            if ref.tag.access is Access.WRITE:
                continue
            longest, count = limits.longest(address.table), address.count
            if address.table is Table.FIFO:
                count = 1  # a queue is read whole, wherever the value is in it
            elif count > longest:
                unreadable[ref.index] = f"takes {count} registers, the device gives {longest} in a read"
                continue
            unit_id = device.unit_id if address.unit_id is None else address.unit_id
            group = Group(unit_id, address.table, ref.tag.period or device.period, address.file or 0)
            points.append((group, Span(ref.index, start, count)))
        polls = [Poll.of(block, fields) for block in plan_blocks(points, limits)]
        self._reader = Reader(
            self._name,
            self._link,
            Schedule(polls, retry_least_s=device.reconnect_min, retry_most_s=device.reconnect_max),
            fields=fields,
            names={ref.index: ref.name for ref in tags},
            dead_after_s=device.dead_after,
        )
        addresses = {tag: field.address for tag, field in fields.items()}
        self._writer = ModbusWriter(device, self._link, addresses)
        return unreadable

    @property
    def more_due(self) -> bool:
        """True: the last read stopped early; more is due."""
        return self._reader.more_due

    def browse(self, under: str) -> AsyncIterator[Offered]:
        """Look at a range of registers, on a connection of its own; see `drivers.inspection`."""
        return scan(ModbusDriver(self._name, self._device), under)

    def last_frames(self) -> Sequence[str]:
        """Return the last frames on the wire."""
        return self._link.last_frames()

    async def open(self) -> None:
        """Connect, and see that it is the device it should be.

        Raises:
            Disconnected: refused, unreachable, or no answer in time.
            DeviceRefused: it is not trusted, or another device.
        """
        await self._link.open()
        if self._device.identity is not None:
            await check_identity(self._link, self._device.unit_id, self._device.identity)
        self._reader.begin()

    async def close(self) -> None:
        """Disconnect."""
        self._reader.end()
        await self._link.close()

    async def read(self) -> Columns:
        """Read what is due, for the length of a slice.

        Raises:
            DeviceTimeout: no unit answered.
            Disconnected: the link is gone.
        """
        if not self._device.close_after_cycle:
            return await self._reader.read()
        try:
            return await self._reader.read()
        finally:
            await self._rest()

    async def read_back(self, tags: Sequence[int]) -> Columns:
        """Read tags one by one, due or not.

        Raises:
            DeviceTimeout: no answer.
            Disconnected: the link is gone.
        """
        try:
            return await self._reader.read_back(tags)
        finally:
            await self._rest()

    def subscribe(self) -> AsyncIterator[Columns]:
        """Modbus has no subscriptions."""
        raise NotImplementedError("Modbus has no subscriptions: the host calls read")

    async def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """Write one by one.

        Raises:
            DeviceTimeout: the first write had no answer.
            Disconnected: the link is gone.
        """
        try:
            return await self._writer.write(writes)
        finally:
            await self._rest()

    async def identify(self, unit_id: int | None = None) -> dict[int, str]:
        """Return what a unit says of itself (function 43/14): texts by object number.

        Raises:
            DeviceRefused: it does not say.
            DriverError: the whole device.
        """
        return await read_identity(self._link, self._device.unit_id if unit_id is None else unit_id)

    async def _rest(self) -> None:
        """Give the connection up between two rounds, where the device asks for that."""
        if self._device.close_after_cycle and not self._reader.more_due:
            await self._link.close()


def _address(ref: TagRef) -> ModbusAddress:
    """Return a tag's address.

    Raises:
        ValueError: there is none, or it does not fit the tag; the message says why.
    """
    try:
        address = ModbusAddress.model_validate(ref.tag.address)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))} {e['msg']}".strip() for e in error.errors())
        raise ValueError(f"not a Modbus address: {faults}") from error
    text = ref.tag.kind is TagKind.TEXT
    if address.type is RegisterType.STRING and not text:
        raise ValueError("a string needs a tag of kind text")
    if text and address.type is not RegisterType.STRING and address.type not in _INTEGERS:
        raise ValueError(f"a tag of kind text takes a string or an integer, not {address.type}")
    return address
