"""The decorator of compiled wire decoders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_F = TypeVar("_F", bound=Callable[..., Any])


def compiled(function: _F) -> _F:
    """Compile a function that takes bytes apart; it holds no lock of the interpreter while it runs."""
    decorated: Any = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast("_F", decorated)
