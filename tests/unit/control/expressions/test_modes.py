"""The kernel does the same without compilation, and reads nothing beyond its arrays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.expressions.modes import trace

_ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize("setting", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_kernel_in_another_mode(setting: str) -> None:
    """In both modes a wrong index raises, so a run that ends well had none."""
    command = [sys.executable, "-W", "error", "-m", "tests.expressions.modes"]
    done = subprocess.run(
        command,
        cwd=_ROOT,
        env=os.environ | {setting: "1"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == trace()
