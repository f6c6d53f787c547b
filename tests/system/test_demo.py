"""`cellgate demo --for 60s --json`: a minute of the whole thing, and what it says of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest


@pytest.mark.timeout(400)
def test_a_minute_of_the_demo_keeps_everything_and_its_step_agrees_with_the_model(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gateway.cli.main", "demo", "--for", "60s", "--json"]
    finished = subprocess.run(
        [*command, "--data", str(tmp_path)], capture_output=True, text=True, check=False, timeout=380
    )
    assert finished.returncode == 0, finished.stderr
    result = orjson.loads(finished.stdout)
    assert (result["tags"], result["loops"], result["alarms"]) == (335, 21, 71)
    assert result["scans"] > 1000
    assert result["reports_journalled"] == result["points_stored"] > 20_000
    assert not any(result[f"points_{what}"] for what in ("missing", "altered", "doubled"))
    assert {"alarm", "command", "gateway", "set_point", "armed"} <= result["events"].keys()
    assert result["step"]["agrees"], result["step"]
    picture = (tmp_path / "trend.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000
