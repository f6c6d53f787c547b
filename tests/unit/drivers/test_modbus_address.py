"""What a Modbus address may say, and what it says without being told."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from config.devices import ModbusAddress, ModbusDevice, RegisterType
from config.tags import Tag, TagKind
from drivers.api import TagRef
from drivers.modbus.driver import ModbusDriver


@pytest.mark.parametrize(
    ("data", "kind", "count"),
    [
        ({"address": 5}, RegisterType.UINT16, 1),
        ({"address": 5, "type": "float32"}, RegisterType.FLOAT32, 2),
        ({"address": 5, "type": "int64"}, RegisterType.INT64, 4),
        ({"address": 5, "bit": 3}, RegisterType.BOOL, 1),
        ({"table": "coil", "address": 5}, RegisterType.BOOL, 1),
        ({"table": "discrete", "address": 65535}, RegisterType.BOOL, 1),
        ({"address": 5, "type": "string", "length": 7}, RegisterType.STRING, 7),
        ({"address": 5, "type": "bcd32"}, RegisterType.BCD32, 2),
    ],
)
def test_types_and_sizes(data: dict[str, Any], kind: RegisterType, count: int) -> None:
    address = ModbusAddress.model_validate(data)
    assert (address.type, address.count) == (kind, count)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"table": "coil", "address": 5, "type": "int16"}, "a coil is one bool"),
        ({"table": "discrete", "address": 5, "type": "bool", "bit": 1}, "a discrete is one bool"),
        ({"address": 5, "bit": 1, "type": "uint16"}, "a bit is a bool, not uint16"),
        ({"address": 5, "bit": 16}, "less than or equal to 15"),
        ({"address": 5, "type": "string"}, "length"),
        ({"address": 5, "length": 3}, "length"),
        ({"address": 65536, "type": "float32"}, "end beyond 65536"),
        ({"address": 40001, "unit_id": 256}, "less than or equal to 255"),
        ({"adress": 5}, "Extra inputs"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(data: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        ModbusAddress.model_validate(data)


@pytest.mark.parametrize(
    ("address", "kind", "why"),
    [
        (None, TagKind.NUMBER, "not a Modbus address"),
        ({"address": "first"}, TagKind.NUMBER, "address Input should be a valid integer"),
        ({"address": 1, "type": "string", "length": 4}, TagKind.NUMBER, "a string needs a tag of kind text"),
        ({"address": 1, "type": "float32"}, TagKind.TEXT, "takes a string or an integer, not float32"),
    ],
)
def test_addresses_that_do_not_fit_their_tag_are_named(address: Any, kind: TagKind, why: str) -> None:
    driver = ModbusDriver("d", ModbusDevice(driver="modbus", host="127.0.0.1"))
    reasons = driver.plan([TagRef(7, "u/a", Tag(device="d", address=address, kind=kind))])
    assert why in reasons[7]
