"""The README names every command, and no other."""

from __future__ import annotations

import re

import typer

from gateway.cli.main import app
from tests.servers.process import ROOT


def test_the_readme_lists_the_commands() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("## Commands")[1]
    told = set(re.findall(r"`cellgate ([a-z]+)", table))
    group = typer.main.get_command(app)
    assert told == set(group.commands)  # type: ignore[attr-defined]  # a click group
