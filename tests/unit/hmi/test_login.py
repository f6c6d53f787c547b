"""Logins: hashed, in a file of their own, throttled, locked after a while; redirects stay on the site."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gateway.hmi.accounts import Accounts, Throttle
from gateway.hmi.login import local_path
from gateway.hmi.sessions import Sessions


def test_a_login_is_proved_by_its_password_alone(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "hmi" / "users.json")
    assert accounts.names() == []
    password = accounts.add("operator", "the key")
    found = Accounts(tmp_path / "hmi" / "users.json").log_in("operator", password)
    assert found is not None
    assert found.private_key == "the key"
    assert accounts.log_in("operator", password + "x") is None
    assert accounts.log_in("nobody", password) is None


def test_a_new_password_ends_the_old_one(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "users.json")
    first, second = accounts.add("operator", "k"), accounts.add("operator", "k")
    assert first != second
    assert accounts.log_in("operator", first) is None
    assert accounts.log_in("operator", second) is not None


def test_the_file_has_no_password_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    password = Accounts(path).add("operator", "k")
    content = path.read_text()
    assert password not in content
    assert "$argon2id$" in content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_five_failures_make_a_user_and_an_address_wait() -> None:
    throttle = Throttle()
    for second in range(5):
        assert throttle.wait_s(("operator", "address a"), second) == 0
        throttle.failed(("operator", "address a"), second)
    assert throttle.wait_s(("operator", "address b"), 5) == pytest.approx(295)
    assert throttle.wait_s(("engineer", "address a"), 5) == pytest.approx(295)
    assert throttle.wait_s(("engineer", "address b"), 5) == 0
    assert throttle.wait_s(("operator", "address a"), 300.5) == 0


def test_a_success_counts_as_no_failure() -> None:
    throttle = Throttle()
    for second in range(20):
        throttle.failed(("operator", "address a"), second)
        throttle.succeeded(("operator", "address a"))
    assert throttle.wait_s(("operator", "address a"), 20) == 0


def test_a_session_is_locked_when_nothing_was_done_for_a_while() -> None:
    sessions = Sessions(idle_s=60)
    sessions.open("browser", "operator", "k", 0)
    assert sessions.find("browser", 59) is not None
    sessions.seen("browser", 59)
    assert sessions.find("browser", 118) is not None
    assert sessions.find("browser", 120) is None
    sessions.seen("browser", 121)
    assert sessions.find("browser", 121) is None


def test_locking_ends_a_session() -> None:
    sessions = Sessions(idle_s=60)
    sessions.open("browser", "operator", "k", 0)
    sessions.close("browser")
    assert sessions.find("browser", 1) is None


@pytest.mark.parametrize("target", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere", ""])
def test_after_the_login_nobody_is_sent_elsewhere(target: str) -> None:
    assert local_path(target) == "/"


def test_after_the_login_one_is_where_one_wanted_to_be() -> None:
    assert local_path("/trend?tags=br1/temp.pv") == "/trend?tags=br1/temp.pv"
