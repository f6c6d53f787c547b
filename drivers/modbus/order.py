"""Where the bytes of a value lie on the wire, for every word and byte order."""

from __future__ import annotations

from config.devices import ByteOrder, ModbusAddress, WordOrder


def byte_positions(address: ModbusAddress) -> list[int]:
    """Return where each byte of a number lies in its registers, least significant byte first."""
    low_first = address.byte_order is ByteOrder.LITTLE
    turned = address.dword_order not in (None, address.word_order)
    positions = []
    for k in range(2 * address.count):
        rank = k // 2  # 0 is the least significant register
        register = rank if address.word_order is WordOrder.LITTLE else address.count - 1 - rank
        if turned:
            register = (register + 2) % 4
        positions.append(2 * register + (k % 2 if low_first else 1 - k % 2))
    return positions


def string_positions(address: ModbusAddress) -> list[int]:
    """Return where each character of a string lies in its registers, first character first."""
    last = address.count - 1
    swap = 1 if address.byte_order is ByteOrder.LITTLE else 0
    registers = range(last + 1) if address.word_order is WordOrder.BIG else range(last, -1, -1)
    return [2 * register + (k ^ swap) for register in registers for k in (0, 1)]
