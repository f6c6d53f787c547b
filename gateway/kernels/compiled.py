"""The decorators of the stream's and the historian's kernels, and where their machine code is kept.

The same cache and key as the engine's kernels and the drivers' decoders (`control.cache`), in a folder of
their own: a change here has neither of those compiled anew. A kernel fills arrays that it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

import numba

from control import cache
from control.kernels.jit import COMPILING

P = ParamSpec("P")
R = TypeVar("R")

_njit: Any = numba.njit
_OPTIONS: Final = {"error_model": "numpy", "_nrt": False}
_FOLDER: Final = str(cache.folder(cache.STREAM)) if COMPILING else ""


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that Python calls; it holds no lock of the interpreter while it runs."""
    with cache.kept_in(_FOLDER):
        decorated: Callable[P, R] = _njit(cache=True, nogil=True, **_OPTIONS)(function)
    return decorated


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only compiled code calls, into its caller."""
    decorated: Callable[P, R] = _njit(
        forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, **_OPTIONS
    )(function)
    return decorated
