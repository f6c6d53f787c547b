"""C beside our own code: compiled here and now, by every compiler that is installed."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy.typing as npt

FLAGS = ("-O3", "-march=native", "-ffp-contract=off", "-std=c11", "-shared", "-fPIC")


def libraries(source: str, folder: Path) -> dict[str, ctypes.CDLL]:
    """Return a C file of this folder as a library, by the name of the compiler.

    Raises:
        RuntimeError: there is no compiler.
    """
    found: dict[str, ctypes.CDLL] = {}
    for compiler in ("gcc", "clang"):
        if shutil.which(compiler):
            path = folder / f"{compiler}-{source}.so"
            text = str(Path(__file__).with_name(source))
            command = [compiler, *FLAGS, f"-I{folder}", text, "-o", str(path), "-lm"]
            subprocess.run(command, check=True)
            found[compiler] = ctypes.CDLL(str(path))
    if not found:
        raise RuntimeError("this benchmark compares with C: install gcc or clang")
    return found


def pointer(array: npt.NDArray[Any]) -> ctypes.c_void_p:
    """Return where an array lies."""
    return ctypes.c_void_p(array.ctypes.data)
