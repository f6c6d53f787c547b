"""Looks at a range of registers, and shows what each could mean: all plausible readings side by side.

The registers are read with the driver itself, one tag each, so that what a device does not have is
found and left out as in operation.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Final

from config.devices import BIT_TABLES, Table
from config.tags import Tag
from drivers.api import Driver, TagRef
from drivers.inspection import Offered

_RANGE: Final = re.compile(r"(coil|discrete|input|holding):(\d{1,5})-(\d{1,5})")
MOST: Final = 2000
"""Registers of one scan."""
_ARRANGEMENTS: Final = {
    "ABCD": ("big", "big"),
    "CDAB": ("little", "big"),
    "BADC": ("big", "little"),
    "DCBA": ("little", "little"),
}
"""Order of words and of bytes by the name that manuals give it."""
_PLAUSIBLE: Final = (1e-4, 1e7)
"""A float within these is likely to be meant as one."""
_LIKELY_INTEGER: Final = 10_000_000


async def scan(driver: Driver, under: str) -> AsyncIterator[Offered]:
    """Read a range, `holding:0-99`, and yield what its registers hold.

    Raises:
        DriverError: the device cannot be reached, or is lost.
        ValueError: it is no range.
    """
    found = _RANGE.fullmatch(under)
    if found is None:
        raise ValueError(f"{under!r} is no range of registers: write holding:0-99 (or coil, discrete, input)")
    table, first, last = Table(found[1]), int(found[2]), int(found[3])
    if not first <= last < 65536 or last - first >= MOST:
        raise ValueError(f"{under!r}: write first-last, at most {MOST} of them, up to 65535")
    refs = [_ref(table, at) for at in range(first, last + 1)]
    driver.plan(refs)
    try:
        await driver.open()
        columns = await driver.read_back([ref.index for ref in refs])
    finally:
        await driver.close()
    values = dict(zip(columns.tag.tolist(), columns.value.tolist(), strict=True))
    words = {at: int(value) for at, value in values.items() if math.isfinite(value)}
    for each in offers(table, words):
        yield each


def _ref(table: Table, at: int) -> TagRef:
    address = {"table": str(table), "address": at}
    return TagRef(at, f"scan/{table}.{at}", Tag(device="scan", address=address))


def offers(table: Table, words: Mapping[int, int]) -> Iterator[Offered]:
    """Yield a row for each register that the device has, with every plausible reading of it."""
    for at, word in sorted(words.items()):
        is_bit = table in BIT_TABLES
        yield Offered(
            path=f"{table}:{at}",
            name=f"{table}.{at}",
            address={"table": str(table), "address": at} | ({} if is_bit else {"type": "uint16"}),
            type="bool" if is_bit else "uint16",
            kind="bool" if is_bit else "number",
            is_writable=table in (Table.COIL, Table.HOLDING),
            value=word,
            note="" if is_bit else "; ".join(_readings(words, at)),
        )


def _readings(words: Mapping[int, int], at: int) -> Iterator[str]:
    """Yield what registers from here on could mean, besides an unsigned number of 16 bits."""
    word = words[at]
    if word >= 0x8000:
        yield f"int16 {word - 0x10000}"
    if all(digit < 10 for digit in _nibbles(word)) and word > 9:
        yield f"bcd16 {word:x}"
    if at + 1 in words:
        for name, data in _arranged((word, words[at + 1])):
            yield from _numbers(name, data)
    text = _text(words, at)
    if len(text) >= 3:
        yield f"string {text!r}"


def _numbers(name: str, data: bytes) -> Iterator[str]:
    (real,) = struct.unpack(">f", data)
    if _PLAUSIBLE[0] <= abs(real) <= _PLAUSIBLE[1]:
        yield f"float32 {name} {real:.7g}"
    (whole,) = struct.unpack(">i", data)
    if 0xFFFF < abs(whole) < _LIKELY_INTEGER:
        yield f"int32 {name} {whole}"


def _arranged(pair: tuple[int, int]) -> Iterator[tuple[str, bytes]]:
    for name, (word_order, byte_order) in _ARRANGEMENTS.items():
        ordered = pair if word_order == "big" else pair[::-1]
        yield name, struct.pack(">HH" if byte_order == "big" else "<HH", *ordered)


def _nibbles(word: int) -> tuple[int, ...]:
    return tuple(word >> shift & 15 for shift in (0, 4, 8, 12))


def _text(words: Mapping[int, int], at: int) -> str:
    text = ""
    for position in range(at, at + 16):
        pair = struct.pack(">H", words.get(position, 0))
        for byte in pair:
            if not (32 <= byte < 127 or byte >= 0xA0):  # Latin-1
                return text
            text += chr(byte)
    return text
