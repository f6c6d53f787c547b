"""Have the kernels compiled, or their machine code loaded, before the first message needs them."""

from __future__ import annotations

from typing import Final

import numpy as np

from control.kernels.jit import prepare
from gateway.kernels.chunk_packing import order_by_tag, pack_chunks
from gateway.kernels.line_packing import pack_lines, unpack_lines
from gateway.kernels.line_reading import enter_name, read_lines
from gateway.kernels.line_writing import write_lines

_READ_ONLY: Final = np.frombuffer(b"\n", np.uint8)
_OUT: Final = np.empty(1, np.uint8)
_INTEGERS: Final = np.zeros(1, np.int64)
_PLACES: Final = np.zeros((1, 1), np.int64)


def prepare_writing() -> None:
    """Prepare what the gateway writes messages with. Blocks, for seconds where nothing is cached."""
    columns = (_INTEGERS.astype(np.int32), np.zeros(1), _INTEGERS, _INTEGERS.astype(np.uint32))
    pieces = (_READ_ONLY, _INTEGERS)
    prepare(write_lines, _OUT, *pieces, *pieces, _INTEGERS, *columns, _READ_ONLY)


def prepare_keeping() -> None:
    """Prepare what the historian keeps messages with. Blocks, for seconds where nothing is cached."""
    for kernel in (pack_lines, unpack_lines):
        prepare(kernel, _OUT, _READ_ONLY, _PLACES)
    prepare_reading()
    _prepare_chunks()


def prepare_reading() -> None:
    """Prepare what messages are read with. Blocks, for seconds where nothing is cached."""
    numbers, pieces = _INTEGERS.astype(np.int32), (_OUT, _INTEGERS, 0)
    columns = (numbers, np.zeros(1), numbers, _INTEGERS, _PLACES, _INTEGERS)
    prepare(enter_name, numbers, _OUT, _INTEGERS, 0)
    prepare(read_lines, _READ_ONLY, numbers, *pieces, *pieces, *columns)


def _prepare_chunks() -> None:
    numbers, words, values = _INTEGERS.astype(np.int32), _INTEGERS.astype(np.uint32), np.zeros(1)
    prepare(order_by_tag, _INTEGERS, _INTEGERS, numbers, _INTEGERS, words, numbers, _INTEGERS, numbers)
    filled = (_OUT, _INTEGERS, _PLACES, _PLACES.astype(np.float64), _INTEGERS, _INTEGERS)
    columns = (_INTEGERS, values, _INTEGERS, words, words, words, numbers, _INTEGERS, numbers, numbers)
    prepare(pack_chunks, *filled, *columns, _INTEGERS, values, _INTEGERS.astype(np.uint64))
