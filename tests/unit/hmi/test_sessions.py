"""Sessions: locked when nothing was done, ended after a shift, kept over a restart of the screens."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gateway.hmi.sessions import Sessions


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hmi" / "sessions.json"


def sessions_at(path: Path) -> Sessions:
    return Sessions(path, lock_after_s=60, sign_out_after_s=1000)


def is_locked(sessions: Sessions, now_s: float) -> bool:
    found = sessions.find("browser", now_s)
    assert found is not None
    return found.locked


def test_a_session_is_locked_when_nothing_was_done_for_a_while(path: Path) -> None:
    sessions = sessions_at(path)
    sessions.open("browser", "operator", "proof", 0)
    assert not is_locked(sessions, 59)
    sessions.seen("browser", 59)
    assert not is_locked(sessions, 118)
    assert is_locked(sessions, 120)


def test_what_is_done_in_front_of_the_lock_does_not_open_it(path: Path) -> None:
    sessions = sessions_at(path)
    sessions.open("browser", "operator", "proof", 0)
    sessions.lock("browser", 1)
    sessions.seen("browser", 2)
    assert is_locked(sessions, 2)
    sessions.unlock("browser", "proof", 3)
    assert not is_locked(sessions, 62)
    assert is_locked(sessions, 64)


def test_a_session_ends_after_a_shift_whatever_was_done(path: Path) -> None:
    sessions = sessions_at(path)
    sessions.open("browser", "operator", "proof", 0)
    for now_s in range(0, 1000, 50):
        sessions.seen("browser", now_s)
    assert not is_locked(sessions, 1000)
    assert sessions.find("browser", 1001) is None


def test_who_logs_out_is_gone(path: Path) -> None:
    sessions = sessions_at(path)
    sessions.open("browser", "operator", "proof", 0)
    sessions.close("browser", 1)
    assert sessions.find("browser", 1) is None
    assert sessions_at(path).find("browser", 1) is None


def test_a_restart_ends_no_session_and_opens_no_lock(path: Path) -> None:
    sessions = sessions_at(path)
    sessions.open("browser", "operator", "proof", 0)
    sessions.open("other", "engineer", "proof", 0)
    sessions.lock("other", 1)
    again = sessions_at(path)
    assert again.find("browser", 10) == sessions.find("browser", 10)
    other = again.find("other", 10)
    assert other is not None
    assert (other.user, other.locked) == ("engineer", True)
    assert is_locked(again, 61)  # time does not stand still while the screens are down
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_sessions_that_ended_are_not_kept(path: Path) -> None:
    sessions = sessions_at(path)
    for number in range(50):
        sessions.open(f"browser {number}", "operator", "proof", number * 100)
    assert b"browser 49" in path.read_bytes()
    assert b"browser 20" not in path.read_bytes()
