"""Loads and stores that order memory between two threads, on any processor.

A plain store and load may be reordered (by ARM, and by the compiler anywhere): the reader of a
ring would see the index before the row. These compile to LLVM's atomic load-acquire and
store-release. Without compilation the interpreter's own lock gives the same guarantee.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba.core import cgutils, types
from numba.extending import intrinsic

from control.kernels.jit import COMPILING

Words = npt.NDArray[np.int64]


def _cell(context: Any, builder: Any, kind: Any, words: Any, index: Any) -> Any:
    array = context.make_array(kind)(context, builder, words)
    pointer_to: Any = cgutils.get_item_pointer
    return pointer_to(context, builder, kind, array, [index])


def _load(typingctx: Any, words: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(_cell(context, builder, signature.args[0], *arguments), "acquire", 8)

    return types.int64(words, types.intp), generate


def _store(typingctx: Any, words: Any, index: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _cell(context, builder, signature.args[0], arguments[0], arguments[1])
        builder.store_atomic(arguments[2], pointer, "release", 8)
        return context.get_dummy_value()

    return types.void(words, types.intp, types.int64), generate


def _load_interpreted(words: Words, index: int) -> int:
    return int(words[index])


def _store_interpreted(words: Words, index: int, value: int) -> None:
    words[index] = value


def _compiled(generator: Callable[..., Any]) -> Any:
    return intrinsic(generator)


load_acquire: Final[Callable[[Words, int], int]] = _compiled(_load) if COMPILING else _load_interpreted
"""Return `words[index]`; what its writer wrote before it is visible afterwards."""

store_release: Final[Callable[[Words, int, int], None]] = (
    _compiled(_store) if COMPILING else _store_interpreted
)
"""Set `words[index]`; everything written before it is visible to whoever reads it."""
