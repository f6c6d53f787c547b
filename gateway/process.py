"""How the process of a service runs: its loop, and how it holds its memory.

What stays is not looked at again: Python's collector would walk all of a site's configuration again and
again, which never becomes garbage. What is freed is kept for the next message: the C library would give each
block of 100 kB back to the kernel, and take another one, page by page, for the next (measured: together a
fifth of what gateway and historian did for a point).
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
from collections.abc import Coroutine
from typing import Any, Final

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MOST_ARENAS = -1, -3, -8  # malloc.h
_OWN_MAPPING_FROM: Final = 32 << 20
"""Bytes of a block from which on it is the kernel's again as soon as it is freed; glibc takes no more."""
_COLLECT_AFTER: Final = 20_000
"""Objects made since the last collection; a chunk or a message is one of thousands that come together."""
_KEPT: Final = 128 << 20
"""Bytes that are free before they are given back: what a large write to the embedded store takes."""


def run_service(main: Coroutine[Any, Any, None]) -> None:
    """Run a service that is configured, its kernels prepared; on uvloop where the platform has it."""
    settle_memory()
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


def settle_memory() -> None:
    """Keep what there is for good, and what is freed from now on for what comes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 50)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform.startswith("linux") else None
    if mallopt is not None:  # another C library has its own ways
        mallopt(_MMAP_THRESHOLD, _OWN_MAPPING_FROM)
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_MOST_ARENAS, 1)  # those of threads are cut into pieces of 64 MB, and given back whole
