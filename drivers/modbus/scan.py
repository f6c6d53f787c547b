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
_ARRANGEMENTS: Final[dict[int, dict[str, tuple[tuple[int, ...], str]]]] = {
    2: {
        "ABCD": ((0, 1), ">"),
        "CDAB": ((1, 0), ">"),
        "BADC": ((0, 1), "<"),
        "DCBA": ((1, 0), "<"),
    },
    4: {
        "ABCDEFGH": ((0, 1, 2, 3), ">"),
        "GHEFCDAB": ((3, 2, 1, 0), ">"),
        "BADCFEHG": ((0, 1, 2, 3), "<"),
        "HGFEDCBA": ((3, 2, 1, 0), "<"),
        "CDABGHEF": ((1, 0, 3, 2), ">"),
        "EFGHABCD": ((2, 3, 0, 1), ">"),
        "DCBAHGFE": ((1, 0, 3, 2), "<"),
        "FEHGBADC": ((2, 3, 0, 1), "<"),
    },
}
"""Of so many registers: which comes first, and how its bytes stand, by the name that manuals give it."""
_NUMBERS: Final = {2: (("float32", "f"), ("int32", "i")), 4: (("float64", "d"), ("int64", "q"))}
_PLAUSIBLE: Final = (1e-4, 1e7)
"""A float within these is likely to be meant as one."""
_LIKELY_INTEGER: Final = {2: (1 << 16, 10_000_000), 4: (1 << 32, 10**12)}
"""From and below, by registers: a smaller one is seen in fewer registers."""
_MOD10K: Final = 10_000


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
    for count in _ARRANGEMENTS:
        group = tuple(words[at + n] for n in range(count) if at + n in words)
        if len(group) == count:
            yield from _numbers(group)
            if count == 2:
                yield from _decimals(*group)
    text = _text(words, at)
    if len(text) >= 3:
        yield f"string {text!r}"


def _numbers(group: tuple[int, ...]) -> Iterator[str]:
    """Yield the numbers of a float and an integer of these registers that are likely to be meant."""
    count = len(group)
    for name, (places, bytes_) in _ARRANGEMENTS[count].items():
        data = struct.pack(f"{bytes_}{count}H", *(group[place] for place in places))
        (float_name, real_code), (integer_name, whole_code) = _NUMBERS[count]
        (real,) = struct.unpack(f">{real_code}", data)
        if _PLAUSIBLE[0] <= abs(real) <= _PLAUSIBLE[1]:
            yield f"{float_name} {name} {real:.7g}"
        (whole,) = struct.unpack(f">{whole_code}", data)
        least, most = _LIKELY_INTEGER[count]
        if least <= abs(whole) < most:
            yield f"{integer_name} {name} {whole}"


def _decimals(first: int, second: int) -> Iterator[str]:
    """Yield what two registers of decimal digits could mean."""
    if first and all(digit < 10 for digit in (*_nibbles(first), *_nibbles(second))):
        yield f"bcd32 {first:x}{second:04x}"
    if 0 < first < _MOD10K and second < _MOD10K:
        yield f"mod10k32 {first * _MOD10K + second}"


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
