"""`cellgate hmi user`: logins from the command line, each act in the screens' own trail."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.main import app
from gateway.gxp.audit import read_entries
from gateway.gxp.identity import generate_key
from gateway.hmi.access_record import path_of
from gateway.hmi.accounts import accounts_of


@pytest.fixture
def site(tmp_path: Path) -> Path:
    _, public = generate_key()
    path = tmp_path / "site.yaml"
    path.write_text(
        "site: { name: s }\ngateway: { name: gw1 }\nunits: { br1: { area: a, cell: c, tags: { t: {} } } }\n"
        f"access: {{ users: {{ ann: {{ role: operator, units: [], public_key: {public} }} }} }}\n"
    )
    return path


def user(site: Path, *words: str) -> Result:
    command, *rest = words
    data = ["--data", str(site.parent / "data")]
    return CliRunner().invoke(app, ["hmi", "user", command, str(site), *rest, *data])


def test_a_login_from_its_making_to_its_end(site: Path) -> None:
    data = site.parent / "data"
    made = user(site, "add", "ann")
    assert made.exit_code == 0, made.output
    first = made.output.partition("password ")[2].split()[0]
    assert accounts_of(data).log_in("ann", first) is not None
    assert "access.users.ann.public_key" in made.output

    second = user(site, "password", "ann").output.partition("password ")[2].split()[0]
    assert accounts_of(data).log_in("ann", first) is None
    assert accounts_of(data).log_in("ann", second) is not None

    assert user(site, "disable", "ann").exit_code == 0
    assert accounts_of(data).log_in("ann", second) is None
    listed = user(site, "list").output
    assert "disabled" in listed
    assert first not in listed

    acts = [(entry["action"], entry["target"]) for entry in read_entries(path_of(data))]
    assert acts == [("add_login", "ann"), ("reset_password", "ann"), ("disable_login", "ann")]
    assert second not in str(read_entries(path_of(data)))
    proved = CliRunner().invoke(app, ["audit", "verify", "--screens", "--data", str(data)])
    assert proved.output == "whole: 3 entries\n"


def test_a_key_that_exists_is_taken(site: Path, tmp_path: Path) -> None:
    private, _ = generate_key()
    (tmp_path / "bob.key").write_text(private + "\n")
    made = user(site, "add", "bob", "--key", str(tmp_path / "bob.key"))
    assert "the configuration has no user bob yet" in made.output
    found = accounts_of(site.parent / "data").find("bob")
    assert found is not None
    assert found.private_key == private


@pytest.mark.parametrize("command", ["disable", "password"])
def test_nobody_without_a_login_is_changed(site: Path, command: str) -> None:
    result = user(site, command, "nobody")
    assert result.exit_code == 1
    assert "nobody has no login" in result.output


def test_a_first_word_that_is_no_subcommand_is_a_site(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["hmi", str(tmp_path / "missing.yaml")])
    assert result.exit_code == 2
    told = "".join(line.strip("│ ") for line in result.output.splitlines())  # a long path is broken
    assert "missing.yaml" in told
