"""What the hot table keeps is the message again, and what has changed on the disk is found out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.historian.packed import DamagedRow, pack, unpack
from gateway.kernels.line_packing import DAMAGED, unpack_lines
from tests.messages import START_NS, Sample, payload

PIECES = st.sampled_from(
    [b"\n", b" ", b"cellgate,name=u0/m1.pv", b'value=1.5,quality=0i,phase="a b"', b"x" * 300]
)
TEXTS = st.lists(st.one_of(PIECES, st.binary(max_size=20)), max_size=40).map(b"".join)
KEPT = pack(payload([Sample(f"u0/m{number}.pv", number / 8, START_NS) for number in range(60)], 7))


@settings(max_examples=300)
@given(TEXTS)
def test_any_bytes_come_back(message: bytes) -> None:
    assert unpack(pack(message)) == message
    assert unpack(pack(message * 20)) == message * 20
    assert unpack(pack(pack(message * 20))) == pack(message * 20)


def test_a_message_takes_a_fraction() -> None:
    samples = [Sample(f"u0/m{number}.pv", 37 + number / 1000, START_NS) for number in range(1000)]
    message = payload(samples, 7)
    assert unpack(pack(message)) == message
    assert len(pack(message)) < len(message) / 3


@given(st.integers(0, len(KEPT) - 1), st.integers(1, 255))
def test_a_changed_byte_is_found_out(place: int, change: int) -> None:
    damaged = bytearray(KEPT)
    damaged[place] ^= change
    if place < 4:
        assert unpack(bytes(damaged)) == damaged  # without its mark it is a message like any other
    else:
        with pytest.raises(DamagedRow):
            unpack(bytes(damaged))


@given(st.integers(4, len(KEPT) - 1))
def test_a_cut_row_is_found_out(size: int) -> None:
    with pytest.raises(DamagedRow):
        unpack(KEPT[:size])


@settings(max_examples=500)
@given(st.binary(max_size=60), st.integers(0, 100))
def test_nothing_is_written_beyond_the_end(packed: bytes, room: int) -> None:
    out = np.full(200, 0xEE, np.uint8)
    size = unpack_lines(out[:room], np.frombuffer(packed, np.uint8), np.zeros((3, 2), np.int64))
    assert size == DAMAGED or 0 <= size <= room
    assert (out[room:] == 0xEE).all()
