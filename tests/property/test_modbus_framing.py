"""Streams of both framings, cut anywhere and with anything between, give each request its own answer."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu import bit_message as bits
from pymodbus.pdu import file_message as files
from pymodbus.pdu import register_message as words

from config.devices import Table
from drivers.modbus.link import Exchange, Request
from drivers.modbus.mbap import MbapWire
from drivers.modbus.pdu import read_request
from drivers.modbus.rtu import RtuWire, answer_length, crc, frame
from drivers.modbus.wire import Pace, Wire
from tests.servers.hostile import frame as numbered
from tests.servers.hostile import registers

WORD = st.integers(0, 0xFFFF)
ANSWERS = st.one_of(
    st.lists(WORD, min_size=1, max_size=125).map(lambda r: words.ReadHoldingRegistersResponse(registers=r)),
    st.lists(st.booleans(), min_size=1, max_size=99).map(lambda b: bits.ReadCoilsResponse(bits=b)),
    st.builds(
        lambda a, c: words.WriteMultipleRegistersResponse(address=a, count=c), WORD, st.integers(1, 123)
    ),
    st.builds(words.MaskWriteRegisterResponse, WORD, WORD, WORD),
    st.lists(WORD, max_size=31).map(lambda r: files.ReadFifoQueueResponse(values=r)),
    st.binary(min_size=1, max_size=60).map(
        lambda d: files.ReadFileRecordResponse(records=[files.FileRecord(record_data=d * 2)])
    ),
)


@given(answer=ANSWERS, unit_id=st.integers(1, 247), cut=st.integers(0, 300))
def test_the_length_of_an_answer_is_known_from_its_beginning(answer: object, unit_id: int, cut: int) -> None:
    """pymodbus encodes, and computes the same CRC."""
    body = bytes([answer.function_code]) + answer.encode()  # type: ignore[attr-defined]
    whole = frame(unit_id, body)
    assert answer_length(whole) == len(whole)
    assert answer_length(whole[:cut]) in (0, len(whole))
    assert FramerRTU(DecodePDU(False)).compute_CRC(whole[:-2]).to_bytes(2, "big") == crc(whole[:-2])


class Line(asyncio.Transport):
    """The near end of a connection: what is written is kept, the test speaks for the device."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.written: list[bytes] = []
        wire.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        return

    def abort(self) -> None:
        return

    def get_extra_info(self, name: str, default: object = None) -> object:
        return default


def _pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    at = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(at)]


async def _exchange(wire: Wire, requests: Sequence[Request]) -> Exchange:
    exchange = Exchange(requests, asyncio.get_running_loop().create_future())
    wire.begin(exchange, float("inf"))
    return exchange


@settings(max_examples=60)
@given(
    order=st.permutations(range(4)),
    strays=st.lists(st.tuples(st.integers(0, 4), st.integers(100, 0xFFFF), WORD), max_size=4),
    cuts=st.lists(st.integers(0, 500), max_size=12),
)
def test_numbered_answers_in_any_order_among_strays(
    order: list[int], strays: list[tuple[int, int, int]], cuts: list[int]
) -> None:
    async def run() -> None:
        wire = MbapWire(Pace(5.0, depth=4), deque(maxlen=4))
        line = Line(wire)
        exchange = await _exchange(wire, [Request(1, read_request(Table.HOLDING, a, 1)) for a in range(4)])
        assert len(line.written) == 1, "what may go together goes in one write"
        said = [numbered(k + 1, 1, registers(1000 + k)) for k in order]
        for at, transaction, word in strays:
            said.insert(at, numbered(transaction, 1, registers(word)))
        for piece in _pieces(b"".join(said), cuts):
            wire.data_received(piece)
        assert exchange.done.done()
        assert exchange.answers == [registers(1000 + k) for k in range(4)]
        assert wire.strays == len(strays)
        wire.connection_lost(None)

    asyncio.run(run())


@settings(max_examples=60)
@given(
    noise=st.binary(max_size=6),
    cuts=st.lists(st.integers(0, 60), max_size=8),
    values=st.lists(WORD, min_size=1, max_size=8),
)
def test_serial_answers_after_noise(noise: bytes, cuts: list[int], values: list[int]) -> None:
    """Noise that is no frame itself is skipped, however the bytes arrive."""

    async def run() -> None:
        wire = RtuWire(Pace(5.0), deque(maxlen=4), None)
        line = Line(wire)
        exchange = await _exchange(wire, [Request(9, read_request(Table.HOLDING, 0, len(values)))])
        assert line.written == [frame(9, exchange.requests[0].pdu)]
        for piece in _pieces(noise.replace(b"\x09", b"\x08") + frame(9, registers(*values)), cuts):
            wire.data_received(piece)
        assert exchange.done.done()
        assert exchange.answers == [registers(*values)]
        wire.connection_lost(None)

    asyncio.run(run())


@given(data=st.binary(max_size=300))
def test_nothing_raises(data: bytes) -> None:
    """Whatever comes, a wire answers it with silence or by ending the connection."""

    async def run() -> None:
        for wire in (MbapWire(Pace(5.0), deque(maxlen=4)), RtuWire(Pace(5.0), deque(maxlen=4), (1e-3, 4e-3))):
            Line(wire)
            exchange = await _exchange(wire, [Request(1, read_request(Table.HOLDING, 0, 2))])
            wire.data_received(data)
            assert exchange.answers[0] is None or len(exchange.answers[0]) >= 1
            wire.connection_lost(None)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("data", "check"), [(b"\x02\x07", b"\x41\x12"), (b"\x01\x03\x00\x00\x00\x0a", b"\xc5\xcd")]
)
def test_the_crc_of_the_standard(data: bytes, check: bytes) -> None:
    """02 07 gives 41 12 (Modbus over serial line, appendix B)."""
    assert crc(data) == check
