"""One file, one order of tags: it is their index in the image, and in what the journal keeps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PLANT = Path(__file__).parents[3] / "config" / "examples" / "cmo" / "plant.yaml"
_PROGRAM = (
    "import sys; from pathlib import Path; from config.load import load; s = load(Path(sys.argv[1])).site;"
)
_PROGRAM += "print(s.fingerprint, *s.tags)"


def test_the_order_of_tags_does_not_depend_on_the_hash_seed() -> None:
    """Python orders its sets anew in each process."""
    seen = {
        subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(_PLANT)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(_PLANT.parents[3])},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
