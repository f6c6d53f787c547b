"""Registers that two tags of one Modbus device both claim."""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import NamedTuple

from config.checks.context import Context
from config.devices import BIT_TABLES, BYTES, ModbusAddress, ModbusDevice, RegisterType, Table

_WORDS = frozenset({RegisterType.INT16, RegisterType.UINT16})


class Claim(NamedTuple):
    """A tag's share of a table: `start` up to, not with, `stop`."""

    start: int
    stop: int
    tag: str
    address: ModbusAddress


class Overlap(NamedTuple):
    """Two tags that read one register as different things."""

    first: Claim
    second: Claim


def check(context: Context) -> None:
    """Record every tag whose registers overlap with those of another one."""
    tables: dict[tuple[str, int, str], list[Claim]] = defaultdict(list)
    for full, tag in context.site.tags.items():
        device = context.site.devices.get(tag.device or "")
        address = tag.address
        if not isinstance(device, ModbusDevice) or not isinstance(address, ModbusAddress):
            continue
        if address.table in BIT_TABLES or address.table is Table.FIFO:
            continue  # bits may be in a group and alone; a queue is read whole
        unit_id = device.unit_id if address.unit_id is None else address.unit_id
        start = address.address if address.reference is None else address.address + device.address_base
        claim = Claim(start, start + address.count, full, address)
        table = address.table if address.file is None else f"{address.table} {address.file}"
        tables[tag.device or "", unit_id, table].append(claim)
    for (device_name, _, table), claims in tables.items():
        for first, second in overlaps(claims):
            context.error(
                context.path("tags", second.tag, "address"),
                f"{_registers(second)} of {device_name!r}, table {table}, overlap with {first.tag!r} "
                f"({_registers(first)}, {context.place_of_tag(first.tag)})",
                "correct the address or type of one of the two",
            )


def _registers(claim: Claim) -> str:
    last = claim.stop - 1
    where = f"register {claim.start}" if claim.start == last else f"registers {claim.start} to {last}"
    return f"{where} as {claim.address.type}"


def agree(one: ModbusAddress, other: ModbusAddress) -> bool:
    """Tell whether two tags may share registers: the same value twice, or bits of one register."""
    if (one.address, one.count) != (other.address, other.count):
        return False
    whole = [address for address in (one, other) if not is_part(address)]
    if len(whole) == 2:
        form = (one.type, one.word_order, one.byte_order, one.dword_order)
        return form == (other.type, other.word_order, other.byte_order, other.dword_order)
    return all(address.type in _WORDS for address in whole)


def is_part(address: ModbusAddress) -> bool:
    """Tell whether a value takes only some bits of its register."""
    return address.bit is not None or address.bits is not None or address.type in BYTES


def overlaps(claims: list[Claim]) -> list[Overlap]:
    """Return, for every claim that does not agree with one before it, the first such pair.

    Before is by address; of two with one address the longer comes first. Claims that are alike
    are compared once, so that a thousand tags on one register cost no million comparisons.
    """
    distinct: dict[tuple[object, ...], Claim] = {}
    for claim in claims:
        address = claim.address
        form = (
            *(address.type, address.word_order, address.byte_order, address.dword_order),
            is_part(address),
        )
        distinct.setdefault((claim.start, claim.stop, *form), claim)
    found: list[Overlap] = []
    open_claims: list[tuple[int, int, Claim]] = []  # heap by where they stop
    for order, claim in enumerate(sorted(distinct.values(), key=lambda c: (c.start, -c.stop))):
        while open_claims and open_claims[0][0] <= claim.start:
            heapq.heappop(open_claims)
        against = [other for _, _, other in sorted(open_claims, key=lambda o: o[1])]
        disagreeing = [other for other in against if not agree(other.address, claim.address)]
        if disagreeing:
            found.append(Overlap(disagreeing[0], claim))
        heapq.heappush(open_claims, (claim.stop, order, claim))
    return found
