"""Where compiled code is kept, so that a changed file is never answered by old machine code.

Numba's own cache looks at the file of the cached function alone: a change in a function that it
calls goes unseen. So the folder is named by a hash of everything that decides the machine code:
all sources of `control` (for the engine), of `drivers` (for their decoders) or of `gateway/kernels`
(for the stream), the versions of the compiler and NumPy, the CPU, and the compiler's settings. A
different hash is a different folder, and the start compiles anew.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import llvmlite
import llvmlite.binding as llvm
import numba
import numpy as np

ENGINE: Final = ("control",)
"""Sources of the engine's machine code."""
DRIVERS: Final = ("drivers", "control/signal.py")
"""Sources of the drivers' machine code; the constants of `control.signal` are compiled into it."""

STREAM: Final = ("gateway/kernels",)
"""Sources of the machine code of the stream and the historian."""

_ROOT: Final = Path(__file__).resolve().parents[1]
_KEPT: Final = 12  # folders of other versions that stay, so that going back needs no compilation


@functools.cache
def fingerprint(sources: tuple[str, ...] = ENGINE) -> str:
    """Return 16 hex digits over all that decides the machine code of these sources."""
    digest = hashlib.sha256()
    for source in (_ROOT / source for source in sources):
        for path in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
            digest.update(f"{path.relative_to(_ROOT)}\0".encode())
            digest.update(path.read_bytes())
    versions = (numba.__version__, llvmlite.__version__, np.__version__)
    cpu = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    options: Any = numba.config
    settings = (options.BOUNDSCHECK, options.OPT, options.CPU_NAME, options.CPU_FEATURES)
    digest.update(repr((versions, cpu, settings)).encode())
    return digest.hexdigest()[:16]


def folder(sources: tuple[str, ...] = ENGINE) -> Path:
    """Return the folder of this build's machine code, made where none was."""
    name = fingerprint(sources)
    base = next((base for base in _bases() if _usable(base / name)), None)
    if base is None:
        base = _private_temporary_folder()
        (base / name).mkdir(mode=0o700, exist_ok=True)
    _drop_old(base, name)
    return base / name


@contextlib.contextmanager
def kept_in(path: str) -> Iterator[None]:
    """Have Numba keep in this folder what is decorated inside."""
    options: Any = numba.config
    before = options.CACHE_DIR
    options.CACHE_DIR = path
    try:
        yield
    finally:
        options.CACHE_DIR = before


def _bases() -> Iterator[Path]:
    if named := os.environ.get("CELLGATE_CACHE"):
        yield Path(named)
    if data := os.environ.get("CELLGATE_DATA"):
        yield Path(data) / "cache"
    if home := os.environ.get("HOME") or os.environ.get("USERPROFILE"):
        yield Path(home) / ".cache" / "cellgate"


def _usable(path: Path) -> bool:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError:
        return False
    return True


def _private_temporary_folder() -> Path:
    """Return a temporary folder that nobody else can have filled: what lies in it gets executed."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    path = Path(tempfile.gettempdir()) / f"cellgate-cache-{user}"
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="cellgate-cache-"))
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == user and not found.st_mode & 0o077
    return path if mine or not hasattr(os, "getuid") else Path(tempfile.mkdtemp(prefix="cellgate-cache-"))


def _drop_old(base: Path, used: str) -> None:
    """Mark this build's folder as used now and delete those that were not used for longest."""
    try:
        os.utime(base / used)
        others = [path for path in base.iterdir() if path.name != used and _is_ours(path)]
        others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return
    for path in others[_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def _is_ours(path: Path) -> bool:
    name = path.name
    return len(name) == 16 and all(letter in "0123456789abcdef" for letter in name) and path.is_dir()
