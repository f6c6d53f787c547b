"""The stream's kernels keep their promises compiled with every index checked, and interpreted, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROMISES = [
    "tests/property/stream/test_line_writing.py",
    "tests/property/historian/test_packed.py",
    "tests/property/test_line_columns.py",
    "tests/property/historian/test_codecs.py",
]


@pytest.mark.timeout(300)  # it compiles them anew, with checks
@pytest.mark.parametrize("mode", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_kernels_do_the_same(mode: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *PROMISES],
        env=os.environ | {mode: "1"},
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-4000:]
