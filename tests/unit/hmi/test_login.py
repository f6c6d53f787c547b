"""Logins: hashed, in a file of their own, changed by their users; redirects stay on the site."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gateway.hmi.accounts import Accounts, BadPassword
from gateway.hmi.login import local_path


def test_a_login_is_proved_by_its_password_alone(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "hmi" / "users.json")
    assert accounts.all() == {}
    password = accounts.add("operator", "the key")
    found = Accounts(tmp_path / "hmi" / "users.json").log_in("operator", password)
    assert found is not None
    assert found.private_key == "the key"
    assert accounts.log_in("operator", password + "x") is None
    assert accounts.log_in("nobody", password) is None


def test_a_new_password_ends_the_old_one(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "users.json")
    first, second = accounts.add("operator", "k"), accounts.reset("operator")
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


def test_who_is_disabled_cannot_log_in_until_there_is_a_new_password(tmp_path: Path) -> None:
    accounts, served = Accounts(tmp_path / "users.json"), Accounts(tmp_path / "users.json")
    password = accounts.add("operator", "k")
    assert served.find("operator") is not None
    accounts.disable("operator")
    assert served.find("operator") is None
    assert served.log_in("operator", password) is None
    assert served.log_in("operator", accounts.reset("operator")) is not None
    with pytest.raises(KeyError):
        accounts.disable("nobody")


def test_a_user_chooses_a_password(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "users.json")
    old = accounts.add("ann", "k")
    before = accounts.find("ann")
    changed = accounts.change("ann", old, "correct horse battery")
    assert accounts.log_in("ann", "correct horse battery") == changed
    assert accounts.log_in("ann", old) is None
    assert before is not None
    assert changed.proof != before.proof
    assert changed.private_key == "k"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (None, "eleven char", "too_short"),
        (None, "aaaaaaaaaaaaaaaa", "too_plain"),
        (None, "password of Ann 1", "too_plain"),
        ("a guess", "correct horse battery", "wrong"),
    ],
)
def test_a_weak_password_is_not_taken(tmp_path: Path, old: str | None, new: str, why: str) -> None:
    accounts = Accounts(tmp_path / "users.json")
    given = accounts.add("ann", "k")
    with pytest.raises(BadPassword, match=why):
        accounts.change("ann", old or given, new)
    assert accounts.log_in("ann", given) is not None


@pytest.mark.parametrize("target", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere", ""])
def test_after_the_login_nobody_is_sent_elsewhere(target: str) -> None:
    assert local_path(target) == "/"


def test_after_the_login_one_is_where_one_wanted_to_be() -> None:
    assert local_path("/trend?tags=br1/temp.pv") == "/trend?tags=br1/temp.pv"
