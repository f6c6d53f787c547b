"""The decorator of compiled wire decoders, and where their machine code is kept.

Decoders are not kernels: they are called from Python, allocate, and belong to their driver. What
they share with the kernels is the cache and its key (`control.cache`), in a folder of their own, so
that a change in a driver does not have the engine compiled anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numba

from control import cache

_F = TypeVar("_F", bound=Callable[..., Any])
_settings: Any = numba.config
_njit: Any = numba.njit

_FOLDER: Final = "" if _settings.DISABLE_JIT else str(cache.folder(cache.DRIVERS))


def compiled(function: _F) -> _F:
    """Compile a function that Python calls; it holds no lock of the interpreter while it runs."""
    with cache.kept_in(_FOLDER):
        decorated: Any = _njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast("_F", decorated)


def part(function: _F) -> _F:
    """Compile a function that only compiled code calls: no door from Python, a part of the time."""
    decorated: Any = _njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    return cast("_F", decorated)
