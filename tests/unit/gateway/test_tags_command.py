"""What `cellgate tags` shows: live values, else what was stored last, and never one for the other."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console

from config.load import load
from control.signal import BAD, COMM, GOOD
from gateway.cli.tags import table
from gateway.subscriber import LiveValue

SITE = load(Path(__file__).parents[3] / "config" / "examples" / "minimal.yaml").site


def test_a_quiet_tag_shows_what_was_stored_of_it_and_says_so() -> None:
    now_ns = time.time_ns()
    live = {"bath/temp.pv": LiveValue(37.25, GOOD, now_ns)}
    stored = {
        "bath/temp.pv": LiveValue(20.0, GOOD, now_ns - 10**10),
        "bath/heater.out": LiveValue(None, BAD | COMM, now_ns - 90 * 10**9),
    }
    console = Console(width=120, record=True)
    console.print(table(SITE, ["bath/temp.pv", "bath/heater.out", "bath/temp.sp"], live, stored))
    pv, output, sp = console.export_text().splitlines()[1:4]
    assert "37.2" in pv
    assert "stored" not in pv
    assert "bad: no communication (stored)" in output
    assert "90.0 s" in output
    assert "no report yet" in sp
