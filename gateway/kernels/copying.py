"""What the C library and single words do faster than loops over bytes, for compiled code.

Arrays are contiguous; places are not checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from control.kernels.jit import COMPILING
from gateway.kernels.compiled import part

Bytes = npt.NDArray[np.uint8]


def _pointer(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [place])


def _copy(typingctx: Any, out: Any, at: Any, source: Any, first: Any, last: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        raw_memcpy: Any = cgutils.raw_memcpy
        target = _pointer(context, builder, kinds[0], arguments[0], arguments[1])
        origin = _pointer(context, builder, kinds[2], arguments[2], arguments[3])
        count = builder.sub(arguments[4], arguments[3])
        raw_memcpy(builder, target, origin, count, 1)
        return builder.add(arguments[1], count)

    return types.intp(out, types.intp, source, types.intp, types.intp), generate


def _copy_interpreted(out: Bytes, at: int, source: Bytes, first: int, last: int) -> int:
    out[at : at + last - first] = source[first:last]
    return int(at + last - first)


def _word(typingctx: Any, source: Any, at: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _pointer(context, builder, signature.args[0], *arguments)
        return builder.load(builder.bitcast(place, ir.IntType(64).as_pointer()), align=1)

    return types.uint64(source, types.intp), generate


def _word_interpreted(source: Bytes, at: int) -> int:
    return int.from_bytes(source[at : at + 8].tobytes(), "little")


def _put_word(typingctx: Any, out: Any, at: Any, number: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _pointer(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], builder.bitcast(place, ir.IntType(64).as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(out, types.intp, types.uint64), generate


def _put_word_interpreted(out: Bytes, at: int, number: int) -> None:
    out[at : at + 8] = np.frombuffer(int(number).to_bytes(8, "little"), np.uint8)


def _alike(typingctx: Any, one: Any, other: Any, last: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        different = builder.xor(arguments[0], arguments[1])
        unset = ir.Constant(ir.IntType(1), 0)
        low, high = builder.cttz(different, unset), builder.ctlz(different, unset)
        return builder.lshr(builder.select(arguments[2], high, low), ir.Constant(ir.IntType(64), 3))

    return types.intp(types.uint64, types.uint64, types.boolean), generate


def _alike_interpreted(one: int, other: int, last: bool) -> int:
    different = int(one ^ other)
    if last:
        return (64 - different.bit_length()) // 8
    return ((different & -different).bit_length() - 1) // 8 if different else 8


def _find(typingctx: Any, source: Any, byte: Any, first: Any, last: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, byte, first, last = arguments
        start = _pointer(context, builder, signature.args[0], array, first)
        size, pointer = ir.IntType(64), ir.IntType(8).as_pointer()
        function = ir.FunctionType(pointer, [pointer, ir.IntType(32), size])
        get_function: Any = cgutils.get_or_insert_function
        memchr = get_function(builder.module, function, "memchr")
        found = builder.call(memchr, [start, builder.trunc(byte, ir.IntType(32)), builder.sub(last, first)])
        distance = builder.sub(builder.ptrtoint(found, size), builder.ptrtoint(start, size))
        nothing = builder.icmp_unsigned("==", found, ir.Constant(pointer, None))
        return builder.select(nothing, last, builder.add(first, distance))

    return types.intp(source, types.intp, types.intp, types.intp), generate


def _find_interpreted(source: Bytes, byte: int, first: int, last: int) -> int:
    found = source[first:last].tobytes().find(byte)
    return last if found < 0 else first + found


def _compiled(generator: Callable[..., Any]) -> Any:
    return intrinsic(generator)


_copy_block: Final[Callable[[Bytes, int, Bytes, int, int], int]] = (
    _compiled(_copy) if COMPILING else _copy_interpreted
)

word: Final[Callable[[Bytes, int], int]] = _compiled(_word) if COMPILING else _word_interpreted
"""Return the eight bytes at a place as one number."""

_put_word_at: Final[Callable[[Bytes, int, int], None]] = (
    _compiled(_put_word) if COMPILING else _put_word_interpreted
)

alike: Final[Callable[[int, int, bool], int]] = _compiled(_alike) if COMPILING else _alike_interpreted
"""Return how many bytes of two words are alike, from the first on; where the third is true, from the last."""

find: Final[Callable[[Bytes, int, int, int], int]] = _compiled(_find) if COMPILING else _find_interpreted
"""Return the first place in `source[first:last]` that holds a byte, `last` where none does."""

_FEW: Final = 32
"""Bytes that are copied quicker than the C library is called."""


@part
def copy(out: Bytes, at: int, source: Bytes, first: int, last: int) -> int:
    """Copy `source[first:last]` to `out[at:]`, and return the place behind it; the two do not overlap."""
    size, count = last - first, 0
    if size > _FEW:
        return _copy_block(out, at, source, first, last)
    if size >= 8:
        while count + 8 < size:
            _put_word_at(out, at + count, word(source, first + count))
            count += 8
        _put_word_at(out, at + size - 8, word(source, last - 8))
    else:
        while count < size:
            out[at + count] = source[first + count]
            count += 1
    return at + size
