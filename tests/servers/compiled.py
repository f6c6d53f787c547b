"""Small C programs and libraries of the tests, compiled when they have changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path


def build(source: Path, *flags: str, needs: str = "gcc libc6-dev") -> Path:
    """Return what a C source compiles to.

    Args:
        source: the file.
        flags: for the compiler, libraries included.
        needs: Debian's packages to name when it fails.

    Raises:
        RuntimeError: there is no compiler, or a library is not installed.
    """
    cache = Path(os.environ.get("CELLGATE_CACHE", tempfile.gettempdir())) / "servers"
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / f"{source.stem}-{hashlib.sha256(source.read_bytes()).hexdigest()[:12]}"
    if not target.exists():
        partial = target.with_suffix(f".{os.getpid()}")
        command = ["gcc", "-O2", str(source), *flags, "-o", str(partial)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError as error:
            raise RuntimeError(f"a compiler is needed for this test: apt-get install {needs}") from error
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"is {needs} installed? {error.stderr}") from error
        partial.rename(target)
    return target
