"""What the kernel does with some hundred expressions, as text: the same in every mode it can run in."""

from __future__ import annotations

import sys

from tests.expressions.compare import compare
from tests.expressions.rig import Rig
from tests.expressions.trees import CALLED, WINDOWS, Trees


def trace() -> str:
    """Compare expressions with plain Python, and return what the windows give."""
    for seed in range(300):
        trees = Trees(seed)
        compare(trees.any(6), trees, steps=4)
    for seed, name in enumerate(CALLED):
        trees = Trees(seed)
        compare(trees.call(name, 3), trees, steps=8)
    return "\n".join(f"{name} {_window(name)}" for name in WINDOWS)


def _window(name: str) -> list[float]:
    rig = Rig(f"{name}(n1, 3 s)")
    return [rig.step(0.125 * step, n1=step * 7 % 11).value for step in range(30)]


def reads_beyond_its_arrays() -> bool:
    """Tell whether a program with a wrong register is stopped."""
    rig = Rig("n1 + n2")
    rig.compiled.program.code["a"] = 10_000
    try:
        rig.step()
    except IndexError:
        return False
    return True


if __name__ == "__main__":
    sys.stdout.write(trace())
    sys.exit(3 if reads_beyond_its_arrays() else 0)
