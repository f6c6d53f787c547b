"""The one way in which this program compiles Python: which options, cached where.

* `error_model="numpy"`: a division by zero gives an infinity that the kernels check for; the
  default would raise inside the engine and end it.
* `_nrt=False`: no reference counts, which are locked increments each time a function is entered
  (measured: the interpreter of expressions took twice as long with them). A kernel that allocates
  does not compile.
* never `fastmath`: it deletes the NaN checks that carry bad quality.
* no `parallel`, no `jitclass`; the GIL is released; indices are checked where tables are built.
* With `NUMBA_DISABLE_JIT=1` the same code runs as plain Python: that is the tests' oracle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

import numba

from control import cache
from control.kernels.linking import ColumnsCompiler, KernelCompiler, PartCompiler, without_literals

P = ParamSpec("P")
R = TypeVar("R")

_settings: Any = numba.config
_njit: Any = numba.njit

COMPILING: Final = not _settings.DISABLE_JIT
"""False when the kernels run as plain Python."""

_OPTIONS: Final = {"error_model": "numpy", "_nrt": False}
_KERNEL: Final = {"nogil": True, "cache": True, **_OPTIONS}
_PART: Final = {
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": PartCompiler,
    **_OPTIONS,
}


if COMPILING:
    _settings.CACHE_DIR = str(cache.folder())


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that Python calls: nopython, without the GIL, cached."""
    compiled: Callable[P, R] = _njit(**_KERNEL, pipeline_class=KernelCompiler)(function)
    return compiled


def columns(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel over columns that do not overlap: none of its arrays shares memory with another.

    Knowing that, the compiler vectorises a loop over any number of them, and asks nothing of their
    addresses before it begins.
    """
    compiled: Callable[P, R] = _njit(**_KERNEL, pipeline_class=ColumnsCompiler)(function)
    return compiled


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only compiled code calls: no door from Python, a third of the time."""
    compiled: Callable[P, R] = without_literals(_njit(**_PART)(function))
    return compiled


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a part of the innermost loops, so that calling it costs nothing."""
    compiled: Callable[P, R] = without_literals(_njit(forceinline=True, **_PART)(function))
    return compiled


def plain(function: Callable[P, R]) -> Callable[P, R]:
    """Return a compiled function as plain Python. What it calls stays compiled."""
    python: Callable[P, R] = getattr(function, "py_func", function)
    return python


def prepare(function: Callable[..., Any], *arguments: Any) -> None:
    """Compile a kernel for arguments of these types, or load it, without running it."""
    if COMPILING:
        compiled: Any = function
        typeof: Any = numba.typeof
        compiled.compile(tuple(typeof(argument) for argument in arguments))
