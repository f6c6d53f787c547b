"""`cellgate audit` prints every word of an entry, also where no terminal sets a width."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from gateway.cli.audit import app
from gateway.gxp.audit import AuditEntry, AuditTrail


def test_an_entry_is_printed_whole(tmp_path: Path) -> None:
    trail = AuditTrail(tmp_path / "audit.sqlite", gateway="gw1", software="0.1.0", config="c0ffee")
    trail.append(
        AuditEntry(
            who="ann",
            role="operator",
            action="set_point",
            target="br1/temp",
            outcome="refused: 90 is outside the limits 30 to 40",
            old=36.5,
            new=90.0,
            reason="batch record step 12",
        )
    )
    trail.close()
    printed = CliRunner().invoke(app, ["show", "--data", str(tmp_path)]).output
    line = next(line for line in printed.splitlines() if line.startswith("1 "))
    for part in (
        "ann (operator)",
        "set_point br1/temp: 36.5 → 90.0",
        "batch record step 12",
        "refused: 90 is outside the limits 30 to 40",
    ):
        assert part in line
