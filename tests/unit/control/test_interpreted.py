"""Compiled and interpreted code decide the same, to the bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.unit.control.story import tell

ROOT = Path(__file__).parents[3]


def test_compiled_and_interpreted_scans_are_equal() -> None:
    interpreted = subprocess.run(
        [sys.executable, "-m", "tests.unit.control.story"],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    assert interpreted == tell()
