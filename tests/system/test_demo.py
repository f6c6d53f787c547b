"""`cellgate demo --for 60s --json`: a minute of the whole thing, and what it says of itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
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
    assert (result["tags"], result["loops"], result["alarms"]) == (343, 17, 90)
    assert result["scans"] > 1000
    assert result["reports_journalled"] == result["points_stored"] > 20_000
    assert not any(result[f"points_{what}"] for what in ("missing", "altered", "doubled"))
    assert {"alarm", "command", "context", "gateway", "set_point", "armed"} <= result["events"].keys()
    assert result["step"]["agrees"], result["step"]
    picture = (tmp_path / "trend.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000


@pytest.mark.timeout(300)
def test_control_c_stops_the_demo_in_order_with_its_outputs_safe(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gateway.cli.main", "demo", "--json", "--data", str(tmp_path)]
    log = tmp_path / "logs" / "gateway.log"
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as demo:
        try:
            deadline = time.monotonic() + 200.0
            while not (log.exists() and "started:" in log.read_text(encoding="utf-8")):
                assert demo.poll() is None, demo.stderr and demo.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.2)
            time.sleep(10.0)
            os.killpg(demo.pid, signal.SIGINT)  # what a terminal does: everybody in the group hears it
            output, error = demo.communicate(timeout=90.0)
        finally:
            demo.kill()
    assert demo.returncode == 0, error
    assert orjson.loads(output)["points_missing"] == 0
    said = log.read_text(encoding="utf-8")
    assert "stopping: outputs to their safe values" in said
    assert "did not get their safe values" not in said
