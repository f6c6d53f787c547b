"""Have the kernels compiled, or their machine code loaded, before the first message needs them."""

from __future__ import annotations

from typing import Final

import numpy as np

from control.kernels.jit import prepare
from gateway.kernels.line_packing import pack_lines, unpack_lines
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
