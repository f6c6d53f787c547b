"""Who a device says it is: function 43/14, object by object, and the comparison with what it should be.

Devices say their objects in portions (`more follows`, from which object on) and differ in how many
they have: extended, regular or basic. The most is asked for first.
"""

from __future__ import annotations

from typing import Final

from config.devices import ModbusIdentity
from drivers.api import DeviceRefused
from drivers.modbus.link import Link, ask
from drivers.modbus.pdu import MALFORMED, describe

FUNCTION: Final = 43
INTERFACE: Final = 14
_CATEGORIES: Final = (3, 2, 1)  # extended, regular, basic
_MORE: Final = 0xFF
_PORTIONS: Final = 64
"""A device that goes on after so many portions never ends."""
OTHER_DEVICE: Final = 0x103
"""Our own code, outside the protocol's: another device answers than the configuration names."""

OBJECTS: Final = {
    0: "vendor",
    1: "product",
    2: "revision",
    3: "vendor URL",
    4: "product name",
    5: "model name",
    6: "application name",
}
"""Names of the objects that the protocol defines; from 128 on they are the vendor's."""


async def read_identity(link: Link, unit_id: int) -> dict[int, str]:
    """Return a unit's objects: texts by number.

    Raises:
        DeviceRefused: the device does not say, or what it says makes no sense.
        DriverError: the whole device.
    """
    code = 0
    for category in _CATEGORIES:
        objects, code = await _category(link, unit_id, category)
        if not code:
            return objects
    raise DeviceRefused(f"unit {unit_id} does not say what it is: {describe(code)}", code)


async def check_identity(link: Link, unit_id: int, wanted: ModbusIdentity) -> None:
    """Compare a unit's objects with what the configuration says.

    Raises:
        DeviceRefused: it is another device, or does not say what it is.
        DriverError: the whole device.
    """
    objects = await read_identity(link, unit_id)
    for number, text in ((0, wanted.vendor), (1, wanted.product), (2, wanted.revision)):
        if text is not None and objects.get(number) != text:
            raise DeviceRefused(
                f"another device answers: its {OBJECTS[number]} is {objects.get(number)!r}, not {text!r}",
                OTHER_DEVICE,
            )


async def _category(link: Link, unit_id: int, category: int) -> tuple[dict[int, str], int]:
    """Return the objects of a category, or the exception code for which it is refused."""
    objects: dict[int, str] = {}
    first = 0
    for _ in range(_PORTIONS):
        pdu, _ = await ask(link, unit_id, bytes([FUNCTION, INTERFACE, category, first]))
        if pdu[0] & 0x80:
            return {}, pdu[1] if len(pdu) == 2 else MALFORMED
        portion = parse(pdu)
        if portion is None:
            return {}, MALFORMED
        found, following = portion
        objects |= found
        if following is None:
            return objects, 0
        if following <= first:
            return {}, MALFORMED
        first = following
    return {}, MALFORMED


def parse(pdu: bytes) -> tuple[dict[int, str], int | None] | None:
    """Return the objects of an answer and where to go on (None: that was all); None: it is none."""
    if len(pdu) < 7 or pdu[:2] != bytes([FUNCTION, INTERFACE]):
        return None
    more, following, count = pdu[4], pdu[5], pdu[6]
    objects: dict[int, str] = {}
    at = 7
    for _ in range(count):
        if len(pdu) < at + 2 or len(pdu) < at + 2 + pdu[at + 1]:
            return None
        objects[pdu[at]] = pdu[at + 2 : at + 2 + pdu[at + 1]].decode("latin-1").rstrip("\0 ")
        at += 2 + pdu[at + 1]
    return (objects, following if more == _MORE else None) if at == len(pdu) else None
