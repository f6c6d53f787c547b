"""Every type in every order goes to registers and back unchanged, or is refused."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client.mixin import ModbusClientMixin

from config.devices import ByteOrder, Half, ModbusAddress, RegisterType, Table, WordOrder
from config.modbus import BYTES, REGISTERS_OF
from control.signal import BAD, GOOD, NOT_A_NUMBER, RANGE, SENSOR, Text
from drivers.modbus import codec
from drivers.modbus.codec import EXACT, Answer, Field
from drivers.modbus.encode import NotRepresentableError, encode, masked, representable

codec.warm_up()


class Layout(codec.Layout):
    """The layout of one answer, given and taken without its head."""

    def __init__(self, fields: Sequence[Field]) -> None:
        super().__init__([(Answer(b"", 0), fields)])

    def decode_one(self, data: bytes, stamp_ns: int) -> tuple[codec.Floats, codec.Qualities, list[Text]]:
        decoded = self.decode(bytearray(data), [stamp_ns])
        assert decoded is not None
        value, quality, source_ns, texts = decoded
        assert set(source_ns) <= {stamp_ns}
        return value, quality, texts


ORDERS = st.tuples(st.sampled_from(WordOrder), st.sampled_from(ByteOrder))
INTEGERS = {
    RegisterType.INT16: st.integers(-(2**15), 2**15 - 1),
    RegisterType.UINT16: st.integers(0, 2**16 - 1),
    RegisterType.INT32: st.integers(-(2**31), 2**31 - 1),
    RegisterType.UINT32: st.integers(0, 2**32 - 1),
    RegisterType.INT64: st.integers(-(2**63), 2**63 - 1),
    RegisterType.UINT64: st.integers(0, 2**64 - 1),
    RegisterType.BCD16: st.integers(0, 9999),
    RegisterType.BCD32: st.integers(0, 99_999_999),
    RegisterType.BCD64: st.integers(0, 10**16 - 1),
    RegisterType.MOD10K32: st.integers(0, 99_999_999),
    RegisterType.MOD10K48: st.integers(0, 10**12 - 1),
    RegisterType.MOD10K64: st.integers(0, 10**16 - 1),
    RegisterType.BOOL: st.integers(0, 1),
}
WIDE = frozenset(kind for kind in RegisterType if REGISTERS_OF.get(kind) == 4)
NUMBERS = {
    **INTEGERS,
    RegisterType.FLOAT32: st.floats(allow_nan=False, allow_infinity=False, width=32),
    RegisterType.FLOAT64: st.floats(allow_nan=False, allow_infinity=False),
}


@st.composite
def numbers(draw: st.DrawFn) -> tuple[ModbusAddress, float]:
    kind = draw(st.sampled_from(sorted(NUMBERS)))
    word, byte = draw(ORDERS)
    halves = draw(st.sampled_from([None, *WordOrder])) if kind in WIDE else None
    address = ModbusAddress(address=0, type=kind, word_order=word, byte_order=byte, dword_order=halves)
    return address, draw(NUMBERS[kind])


@st.composite
def responses(draw: st.DrawFn) -> tuple[list[Field], bytes, list[float]]:
    """A response with many values, at random distances."""
    fields, data, values = [], b"", []
    for tag, (address, value) in enumerate(draw(st.lists(numbers(), min_size=1, max_size=30))):
        data += draw(st.binary(max_size=3)) * 2
        fields.append(Field(tag, len(data) // 2, address))
        data += encode(address, representable(address, value))
        values.append(value)
    return fields, data, values


@given(responses())
def test_a_response_decodes_to_the_values_that_were_encoded(
    response: tuple[list[Field], bytes, list[float]],
) -> None:
    """#19: orders hold when writing as when reading, for every type and order."""
    fields, data, values = response
    layout = Layout(fields)
    for _ in range(2):  # the buffer is used again
        value, quality, texts = layout.decode_one(data, 7)
        exact = {text.tag: text.value for text in texts}
        assert sorted(layout.tags) == list(range(len(fields)))
        for row, tag in enumerate(layout.tags):
            wanted = values[tag]
            if isinstance(wanted, int) and abs(wanted) > EXACT:
                assert math.isnan(value[row])
                assert quality[row] == BAD | RANGE
                assert exact.pop(int(tag)) == wanted
            else:
                assert value[row] == wanted
                assert math.copysign(1, value[row]) == math.copysign(1, wanted)
                assert quality[row] == GOOD
        assert not exact


@given(kind=st.sampled_from(sorted(INTEGERS)), value=st.integers(-(2**70), 2**70) | st.floats(allow_nan=True))
def test_what_the_type_cannot_hold_is_refused_never_wrapped(kind: RegisterType, value: float) -> None:
    address = ModbusAddress(address=0, type=kind)
    low, high = {
        RegisterType.BOOL: (0, 1),
        RegisterType.BCD16: (0, 9999),
        RegisterType.BCD32: (0, 99_999_999),
        RegisterType.BCD64: (0, 10**16 - 1),
        RegisterType.MOD10K32: (0, 99_999_999),
        RegisterType.MOD10K48: (0, 10**12 - 1),
        RegisterType.MOD10K64: (0, 10**16 - 1),
    }.get(kind) or _limits(kind)
    try:
        held = representable(address, value)
    except NotRepresentableError:
        assert not math.isfinite(value) or not low <= round(value) <= high or kind is RegisterType.BOOL
    else:
        assert isinstance(held, int)
        assert low <= held <= high
        assert abs(held - value) <= 0.5


def _limits(kind: RegisterType) -> tuple[int, int]:
    bits = int(kind.removeprefix("u").removeprefix("int"))
    return (0, 2**bits - 1) if kind.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_float32_is_rounded_once_or_refused(value: float) -> None:
    address = ModbusAddress(address=0, type=RegisterType.FLOAT32)
    try:
        held = representable(address, value)
    except NotRepresentableError:
        assert abs(value) > 3.4e38
    else:
        assert held == struct.unpack("<f", struct.pack("<f", value))[0]
        assert representable(address, held) == held


@given(
    orders=ORDERS,
    length=st.integers(1, 20),
    text=st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=40),
)
def test_strings_come_back_or_are_refused(
    orders: tuple[WordOrder, ByteOrder], length: int, text: str
) -> None:
    address = ModbusAddress(
        address=0, type=RegisterType.STRING, length=length, word_order=orders[0], byte_order=orders[1]
    )
    try:
        held = representable(address, text)
    except NotRepresentableError:
        assert len(text) > 2 * length or text.endswith(" ")
        return
    _, _, (sample,) = Layout([Field(0, 1, address, text=True)]).decode_one(b"xy" + encode(address, held), 9)
    assert (sample.value, sample.source_ns, sample.quality) == (text, 9, GOOD)


@given(kind=st.sampled_from([k for k in sorted(INTEGERS) if "int" in k]), data=st.data())
def test_integer_text_tags_are_exact(kind: RegisterType, data: st.DataObject) -> None:
    word, byte = data.draw(ORDERS)
    value = data.draw(INTEGERS[kind])
    address = ModbusAddress(address=0, type=kind, word_order=word, byte_order=byte)
    columns, _, (sample,) = Layout([Field(3, 0, address, text=True)]).decode_one(encode(address, value), 0)
    assert len(columns) == 0
    assert (sample.tag, sample.value) == (3, value)


@given(bits=st.lists(st.booleans(), min_size=1, max_size=200))
def test_bits_of_the_bit_tables(bits: list[bool]) -> None:
    data = bytes(sum(bit << k for k, bit in enumerate(bits[at : at + 8])) for at in range(0, len(bits), 8))
    fields = [Field(n, n, ModbusAddress(table=Table.COIL, address=n)) for n in range(len(bits))]
    layout = Layout(fields)
    value, _, _ = layout.decode_one(data, 0)
    assert [bool(v) for v in value] == [bits[tag] for tag in layout.tags]


@given(register=st.integers(0, 2**16 - 1), byte=st.sampled_from(ByteOrder))
def test_bits_of_a_register(register: int, byte: ByteOrder) -> None:
    fields = [Field(n, 0, ModbusAddress(address=0, bit=n, byte_order=byte)) for n in range(16)]
    whole = ModbusAddress(address=0, type=RegisterType.UINT16, byte_order=byte)
    layout = Layout([*fields, Field(16, 0, ModbusAddress(address=0, type=RegisterType.BOOL))])
    value, _, _ = layout.decode_one(encode(whole, register), 0)
    wanted = {n: float(register >> n & 1) for n in range(16)} | {16: float(register != 0)}
    assert dict(zip(layout.tags.tolist(), value.tolist(), strict=True)) == wanted


@given(responses())
def test_pymodbus_reads_the_same(response: tuple[list[Field], bytes, list[float]]) -> None:
    """The library's own decoder is the oracle for what it knows: big bytes, both word orders."""
    fields, data, _ = response
    value, _, texts = (layout := Layout(fields)).decode_one(data, 0)
    rows: dict[int, Any] = dict(zip(layout.tags.tolist(), value.tolist(), strict=True))
    rows |= {text.tag: text.value for text in texts}
    for field in fields:
        kind = ModbusClientMixin.DATATYPE.__members__.get(field.address.type.upper())
        plain = field.address.byte_order is ByteOrder.BIG and field.address.dword_order is None
        if kind is None or not plain:
            continue
        at = 2 * field.offset
        registers = struct.unpack(f">{field.address.count}H", data[at : at + 2 * field.address.count])
        oracle = ModbusClientMixin.convert_from_registers(
            list(registers), kind, word_order=field.address.word_order.value
        )
        assert rows[field.tag] == oracle


@pytest.mark.parametrize(
    ("word", "byte", "registers"),
    [
        ("big", "big", (0x47F1, 0x2000)),
        ("little", "big", (0x2000, 0x47F1)),
        ("big", "little", (0xF147, 0x0020)),
        ("little", "little", (0x0020, 0xF147)),
    ],
)
def test_the_four_arrangements_of_123456(word: str, byte: str, registers: tuple[int, int]) -> None:
    """#12: the arrangements of one float that made 11,313,223 V of another."""
    for kind, value in ((RegisterType.FLOAT32, 123456.0), (RegisterType.UINT32, 0x47F12000)):
        address = ModbusAddress(address=0, type=kind, word_order=WordOrder(word), byte_order=ByteOrder(byte))
        assert encode(address, value) == struct.pack(">2H", *registers)


@pytest.mark.parametrize(
    ("word", "byte", "dword", "order"),
    [
        ("big", "big", None, "ABCDEFGH"),
        ("little", "big", None, "GHEFCDAB"),
        ("big", "little", None, "BADCFEHG"),
        ("little", "little", None, "HGFEDCBA"),
        ("big", "big", "little", "EFGHABCD"),
        ("little", "big", "big", "CDABGHEF"),
        ("big", "little", "little", "FEHGBADC"),
        ("little", "little", "big", "DCBAHGFE"),
    ],
)
def test_the_eight_arrangements_of_64_bits(word: str, byte: str, dword: str | None, order: str) -> None:
    address = ModbusAddress(
        address=0,
        type=RegisterType.UINT64,
        word_order=WordOrder(word),
        byte_order=ByteOrder(byte),
        dword_order=None if dword is None else WordOrder(dword),
    )
    assert encode(address, int.from_bytes(b"ABCDEFGH")) == order.encode()


def test_sentinels_and_values_that_are_none() -> None:
    absent = {"not_available": (0x8000, 0xFFFF)}
    fields = [
        Field(0, 0, ModbusAddress(address=0, type=RegisterType.INT16, **absent)),
        Field(1, 1, ModbusAddress(address=0, type=RegisterType.UINT16, **absent)),
        Field(2, 2, ModbusAddress(address=0, type=RegisterType.INT16, **absent)),
        Field(3, 3, ModbusAddress(address=0, type=RegisterType.FLOAT32)),
        Field(4, 5, ModbusAddress(address=0, type=RegisterType.FLOAT64)),
        Field(5, 9, ModbusAddress(address=0, type=RegisterType.BCD16)),
        Field(6, 10, ModbusAddress(address=0, type=RegisterType.FLOAT32)),
    ]
    data = struct.pack(">HHHIdHI", 0x8000, 0xFFFF, 5, 0x7FC00000, math.inf, 0x12A4, 0x7FA00000)
    layout = Layout(fields)
    value, quality, _ = layout.decode_one(data, 0)
    by_tag = {int(tag): (v, int(q)) for tag, v, q in zip(layout.tags, value, quality, strict=True)}
    assert by_tag[2] == (5.0, GOOD)
    for tag, why in {
        0: SENSOR,
        1: SENSOR,
        3: NOT_A_NUMBER,
        4: NOT_A_NUMBER,
        5: NOT_A_NUMBER,
        6: NOT_A_NUMBER,
    }.items():
        assert math.isnan(by_tag[tag][0])
        assert by_tag[tag][1] == BAD | why


def test_a_sentinel_beyond_what_a_double_holds_is_no_value() -> None:
    address = ModbusAddress(address=0, type=RegisterType.UINT64, not_available=(2**64 - 1,))
    value, quality, texts = Layout([Field(0, 0, address)]).decode_one(b"\xff" * 8, 0)
    assert math.isnan(value[0])
    assert quality[0] == BAD | SENSOR
    assert texts == []
    _, _, (sample,) = Layout([Field(0, 0, address, text=True)]).decode_one(b"\xff" * 8, 0)
    assert (sample.value, sample.quality) == (None, BAD | SENSOR)


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("uint16", -1, "outside 0 to 65535"),
        ("int16", 40000.0, "outside -32768 to 32767"),
        ("uint32", 2**32, "outside"),
        ("float32", 1e39, "too large"),
        ("float64", 2**53 + 1, "cannot be held exactly"),
        ("float64", 10**400, "too large"),
        ("float32", math.nan, "not finite"),
        ("int64", math.inf, "not finite"),
        ("bool", 0.5, "neither 0 nor 1"),
        ("uint16", "on", "is a text"),
        ("bcd16", 10000, "outside 0 to 9999"),
    ],
)
def test_refusals_say_why(kind: str, value: float | str, why: str) -> None:
    with pytest.raises(NotRepresentableError, match=why):
        representable(ModbusAddress(address=0, type=RegisterType(kind)), value)


def test_refusals_of_strings_say_why() -> None:
    address = ModbusAddress(address=0, type=RegisterType.STRING, length=2)
    for value, why in (
        (1.0, "is a number"),
        ("abcde", "longer than 4"),
        ("a ", "ends in a space"),
        ("€", "Latin-1"),
    ):
        with pytest.raises(NotRepresentableError, match=why):
            representable(address, value)


@given(
    register=st.integers(0, 2**16 - 1),
    value=st.integers(0, 2**16 - 1),
    byte=st.sampled_from(ByteOrder),
    part=st.one_of(
        st.builds(dict, type=st.sampled_from(["int8", "uint8"]), half=st.sampled_from([None, *Half])),
        st.builds(lambda bit, bits: {"bit": bit, "bits": min(bits, 16 - bit)}, st.integers(0, 14),
                  st.integers(2, 16)),
        st.builds(dict, bit=st.integers(0, 15)),
    ),
)  # fmt: skip
def test_a_part_of_a_register_is_written_without_touching_the_rest(
    register: int, value: int, byte: ByteOrder, part: dict[str, Any]
) -> None:
    """Bits, bit fields and halves: what mask write (function 22) makes of the register reads back."""
    address = ModbusAddress.model_validate({"address": 0, "byte_order": byte, **part})
    width = 8 if address.type in BYTES else address.bits or 1
    value %= 2**width
    if address.type is RegisterType.INT8 and value > 127:
        value -= 256
    taken, wanted = masked(address, float(representable(address, value)))
    after = register & ~taken | wanted
    layout = Layout([Field(0, 0, address)])
    assert layout.decode_one(struct.pack(">H", after), 0)[0].tolist() == [value]
    assert after & ~taken == register & ~taken
    assert taken.bit_count() == width


@pytest.mark.parametrize(("half", "value"), [(None, 0x34), ("low", 0x34), ("high", 0x12)])
def test_halves_are_those_of_the_register_as_it_arrives(half: str | None, value: int) -> None:
    for byte in ByteOrder:
        address = ModbusAddress.model_validate(
            {"address": 0, "type": "uint8", "half": half, "byte_order": byte}
        )
        assert Layout([Field(0, 0, address)]).decode_one(b"\x12\x34", 0)[0].tolist() == [value]


@given(bits=st.integers(2, 64), offset=st.integers(0, 20), data=st.binary(min_size=11, max_size=11))
def test_a_group_of_coils_is_a_number(bits: int, offset: int, data: bytes) -> None:
    address = ModbusAddress.model_validate({"table": "coil", "address": 5, "bits": bits})
    layout = Layout([Field(0, offset, address)])
    value, _, texts = layout.decode_one(data, 0)
    wanted = int.from_bytes(data, "little") >> offset & ((1 << bits) - 1)
    assert (texts[0].value if texts else value[0]) == wanted


def test_mod10k_is_decimal_by_register() -> None:
    address = ModbusAddress(address=0, type=RegisterType.MOD10K48)
    assert encode(address, 123456789012) == struct.pack(">3H", 1234, 5678, 9012)
    value, quality, _ = Layout([Field(0, 0, address)]).decode_one(struct.pack(">3H", 1, 10000, 0), 0)
    assert math.isnan(value[0])
    assert quality[0] == BAD | NOT_A_NUMBER
