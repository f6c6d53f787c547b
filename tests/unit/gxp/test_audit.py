"""The audit trail refuses changes, and shows those that were made behind its back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import orjson
import pytest

from gateway.gxp.audit import AuditEntry, AuditTrail, read_entries, verify


def _trail(path: Path) -> AuditTrail:
    return AuditTrail(path, gateway="gw1", software="0.1.0", config="c0ffee")


def _fill(path: Path, count: int) -> AuditTrail:
    trail = _trail(path)
    for i in range(count):
        trail.append(
            AuditEntry(
                who="ann",
                role="operator",
                action="set_point",
                target="br1/temp",
                outcome="done",
                old=36.5,
                new=37.0 + i,
            )
        )
    return trail


def _tamper(path: Path, *statements: str) -> None:
    """Do what the triggers forbid, as somebody with the file would."""
    with sqlite3.connect(path) as database:
        database.execute("DROP TRIGGER entry_no_update")
        database.execute("DROP TRIGGER entry_no_delete")
        for statement in statements:
            database.execute(statement)
    database.close()


def test_entries_are_kept_whole_with_who_what_when_and_both_values(tmp_path: Path) -> None:
    trail = _fill(tmp_path / "audit.sqlite", 3)
    trail.close()
    entries = read_entries(tmp_path / "audit.sqlite")
    assert [e["new"] for e in entries] == [37.0, 38.0, 39.0]
    assert entries[0].items() >= {"who": "ann", "old": 36.5, "gateway": "gw1", "config": "c0ffee"}.items()
    assert entries[0]["time_ns"] <= entries[1]["time_ns"] <= entries[2]["time_ns"]
    assert verify(tmp_path / "audit.sqlite").entries == 3


def test_the_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    _fill(tmp_path / "audit.sqlite", 2).close()
    _fill(tmp_path / "audit.sqlite", 2).close()
    verdict = verify(tmp_path / "audit.sqlite")
    assert verdict.whole
    assert verdict.entries == 4


@pytest.mark.parametrize("statement", ["UPDATE entry SET body = x'00' WHERE number = 1", "DELETE FROM entry"])
def test_the_database_refuses_changes(tmp_path: Path, statement: str) -> None:
    _fill(tmp_path / "audit.sqlite", 2).close()
    database = sqlite3.connect(tmp_path / "audit.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        database.execute(statement)
    database.close()


def test_an_altered_entry_is_found(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite"
    _fill(path, 3).close()
    body = orjson.dumps({**read_entries(path)[1], "who": "eve"}).hex()
    _tamper(path, f"UPDATE entry SET body = x'{body}' WHERE number = 2")
    verdict = verify(path)
    assert (verdict.entries, verdict.trouble) == (1, "entry 2 is not as it was written")


def test_a_removed_entry_is_found(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite"
    _fill(path, 3).close()
    _tamper(path, "DELETE FROM entry WHERE number = 2")
    assert verify(path).trouble == "entry 2 is missing"


def test_reordered_entries_are_found(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite"
    _fill(path, 3).close()
    _tamper(
        path,
        "UPDATE entry SET number = 9 WHERE number = 2",
        "UPDATE entry SET number = 2 WHERE number = 3",
        "UPDATE entry SET number = 3 WHERE number = 9",
    )
    assert verify(path).trouble == "entry 2 is not as it was written"


def test_a_cut_end_is_found_with_the_published_head(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite"
    trail = _fill(path, 3)
    head = trail.head
    trail.close()
    _tamper(path, "DELETE FROM entry WHERE number = 3")
    assert verify(path).whole
    assert verify(path, head).trouble == "entries 3 to 3 are missing at the end"


def test_a_command_is_remembered_with_its_first_reply_across_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite"
    trail = _trail(path)
    assert trail.first_reply("id-1") == (False, None)
    trail.append(AuditEntry("ann", "operator", "mode", "br1/temp", "requested"), command_id="id-1")
    assert trail.first_reply("id-1") == (True, None)
    trail.keep_reply("id-1", b"{}")
    trail.close()
    trail = _trail(path)
    assert trail.first_reply("id-1") == (True, b"{}")
    trail.close()
