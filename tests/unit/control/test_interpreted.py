"""The same story, told to the scan compiled, compiled with every index checked, and interpreted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.control.story import tell

ROOT = Path(__file__).parents[3]


@pytest.mark.timeout(900)  # it compiles the engine anew, with and without checks
@pytest.mark.parametrize("mode", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_the_scan_decides_the_same_to_the_bit(mode: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.unit.control.story"],
        env=os.environ | {mode: "1"},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    assert told == tell()
