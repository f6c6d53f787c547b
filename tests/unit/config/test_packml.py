"""How a unit takes PackML commands: full names, and tags that fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.writing import loaded, told, unit

_TAGS = """\
tags:
  state: {device: plc, address: {table: input, address: 0, type: uint16}}
  command: {device: plc, access: read_write, address: {table: holding, address: 2, type: uint16}}
  request: {device: plc, kind: bool, momentary: true, access: read_write, address: {table: coil, address: 0}}
  elsewhere: {device: ua, kind: bool, access: read_write, address: {identifier: R}}
  shown: {device: plc, kind: bool, address: {table: discrete, address: 0}}
"""


def test_a_unit_s_commands_have_full_names(tmp_path: Path) -> None:
    text = unit(_TAGS + "packml: {state: state, command: command, request: request}\n")
    packml = loaded(tmp_path, text).site.units["br1"].packml
    assert packml is not None
    assert (packml.state, packml.command, packml.request) == ("br1/state", "br1/command", "br1/request")


@pytest.mark.parametrize(
    ("packml", "wanted"),
    [
        ("{state: stat, command: command}", ["packml.state: there is no tag", "'state'"]),
        ("{state: request, command: command}", ["'br1/request' is a bool; name a tag that is a number"]),
        ("{state: state, command: state}", ["packml.command", "cannot be written"]),
        ("{state: state, command: command, request: shown}", ["packml.request", "cannot be written"]),
        ("{state: state, command: command, request: elsewhere}", ["another device than the command"]),
        ("{state: state}", ["packml.command: is missing"]),
        ("{state: state, command: command, mode_command: command}", ["packml.mode: is missing"]),
        ("{state: state, command: command, mode_request: request}", ["packml.mode_command: is missing"]),
        (
            "{state: state, command: command, mode: state, mode_command: command, mode_request: elsewhere}",
            ["packml.mode_request", "another device than the command"],
        ),
        ("{state: state, command: command, mode_changes_in: [idel]}", ["'idel' is no state of PackML"]),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, packml: str, wanted: list[str]) -> None:
    found = told(tmp_path, unit(_TAGS + f"packml: {packml}\n"))
    assert len(found) == 1, found
    assert all(part in found[0] for part in wanted), found[0]


def test_what_something_else_moves_takes_no_commands(tmp_path: Path) -> None:
    interlock = "interlocks: {stop: {when: state > 8, force: {command: 0}}}\n"
    found = told(tmp_path, unit(_TAGS + interlock + "packml: {state: state, command: command}\n"))
    assert len(found) == 1, found
    assert "interlock 'br1/stop' moves 'br1/command'" in found[0]
