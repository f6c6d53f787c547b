"""The Modbus driver: plans a device's tags, and has them read and written over its link.

plan.py       addresses → fewest reads          schedule.py  which are due, what was learned
codec.py      answers → columns                 reader.py    reads, and isolates trouble
encode.py     values → registers                writing.py   writes
pdu.py        requests, exception codes         link.py      the seam to the wire
transport.py  Modbus/TCP                        library.py   pymodbus, for other framings
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from pydantic import ValidationError

from config.devices import ModbusAddress, ModbusDevice, RegisterType
from config.tags import Access, TagKind
from control.signal import Columns
from drivers.api import TagRef, Write, WriteResult
from drivers.modbus.codec import Field
from drivers.modbus.link import Link
from drivers.modbus.plan import Group, Limits, Span, plan_blocks
from drivers.modbus.reader import Reader
from drivers.modbus.schedule import Poll, Schedule
from drivers.modbus.transport import TcpLink
from drivers.modbus.writing import ModbusWriter

_INTEGERS = frozenset(kind for kind in RegisterType if "int" in kind)


class ModbusDriver:
    """One Modbus server, and the units behind it."""

    subscribes = False

    def __init__(self, name: str, device: ModbusDevice, link: Link | None = None) -> None:
        """Nothing is connected; without a link of the caller's the device's framing decides."""
        self._name, self._device = name, device
        self._link = link if link is not None else _link(device)
        self.plan([])

    def plan(self, tags: Sequence[TagRef]) -> Mapping[int, str]:
        """Merge the addresses of the tags into the fewest reads."""
        fields: dict[int, Field] = {}
        unreadable: dict[int, str] = {}
        for ref in tags:
            try:
                address = _address(ref)
            except ValueError as error:
                unreadable[ref.index] = str(error)
            else:
                fields[ref.index] = Field(ref.index, 0, address, text=ref.tag.kind is TagKind.TEXT)
        device = self._device
        limits = Limits(device.max_registers, device.max_bits, device.max_gap)
        points: list[tuple[Group, Span]] = []
        for ref in tags:
            if ref.index not in fields or ref.tag.access is Access.WRITE:
                continue
            address = fields[ref.index].address
            longest = limits.longest(address.table)
            if address.count > longest:
                unreadable[ref.index] = (
                    f"takes {address.count} registers, the device gives {longest} in a read"
                )
                continue
            unit_id = device.unit_id if address.unit_id is None else address.unit_id
            group = Group(unit_id, address.table, ref.tag.period or device.period)
            points.append((group, Span(ref.index, address.address, address.count)))
        polls = [Poll.of(block, fields) for block in plan_blocks(points, limits)]
        self._reader = Reader(
            self._name,
            self._link,
            Schedule(polls, retry_least_s=device.reconnect_min, retry_most_s=device.reconnect_max),
            fields=fields,
            names={ref.index: ref.name for ref in tags},
            dead_after_s=device.dead_after,
            depth=device.max_outstanding if device.framing == "tcp" else 1,
        )
        self._writer = ModbusWriter(
            self._link,
            {tag: field.address for tag, field in fields.items()},
            unit_id=device.unit_id,
            multiple_only=device.write_multiple_only,
            max_registers=device.max_write_registers,
        )
        return unreadable

    @property
    def more_due(self) -> bool:
        """True: the last read stopped early; more is due."""
        return self._reader.more_due

    def last_frames(self) -> Sequence[str]:
        """Return the last frames on the wire."""
        return self._link.last_frames()

    async def open(self) -> None:
        """Connect.

        Raises:
            Disconnected: refused, unreachable, or no answer in time.
        """
        await self._link.open()
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
        return await self._reader.read()

    async def read_back(self, tags: Sequence[int]) -> Columns:
        """Read tags one by one, due or not.

        Raises:
            DeviceTimeout: no answer.
            Disconnected: the link is gone.
        """
        return await self._reader.read_back(tags)

    def subscribe(self) -> AsyncIterator[Columns]:
        """Modbus has no subscriptions."""
        raise NotImplementedError("Modbus has no subscriptions: the host calls read")

    async def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """Write one by one.

        Raises:
            DeviceTimeout: the first write had no answer.
            Disconnected: the link is gone.
        """
        return await self._writer.write(writes)


def _link(device: ModbusDevice) -> Link:
    if device.framing == "tcp":
        return TcpLink(device.host, device.port, device.timeout)
    from drivers.modbus.library import LibraryLink

    return LibraryLink(device)


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
