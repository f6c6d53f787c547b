"""Includes: files merge by their keys, and nothing is written twice without being told."""

from __future__ import annotations

import os
from pathlib import Path

from config.environment import Environment
from config.errors import Findings
from config.includes import read_all
from config.nodes import Map
from tests.unit.config.writing import write


def _read(folder: Path, text: str, files: dict[str, str]) -> tuple[Map, list[str], list[str]]:
    findings = Findings()
    root, read = read_all(write(folder, text, files), Environment({}), findings)
    names = [os.path.relpath(path, folder) for path in read]
    return root, names, [str(problem).replace(f"{folder}/", "") for problem in findings.errors]


def test_keys_merge_at_every_depth(tmp_path: Path) -> None:
    root, names, errors = _read(
        tmp_path,
        "include: [a.yaml]\nstreams: {broker: {host: b}}\nunits: {u1: {area: x}}\n",
        {"a.yaml": "streams: {broker: {port: 1}, journal: {alarm_at: 0.5}}\nunits: {u2: {area: y}}\n"},
    )
    assert not errors
    assert names == ["plant.yaml", "a.yaml"]
    assert root == {
        "streams": {"broker": {"host": "b", "port": 1}, "journal": {"alarm_at": 0.5}},
        "units": {"u1": {"area": "x"}, "u2": {"area": "y"}},
    }
    assert root["streams"]["broker"].place_of("port").file.endswith("a.yaml")
    assert root["streams"]["broker"].place_of("host").file.endswith("plant.yaml")


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    root, names, errors = _read(
        tmp_path,
        "include: sub/a.yaml\n",
        {"sub/a.yaml": "include: [b.yaml]\na: 1\n", "sub/b.yaml": "b: 2\n"},
    )
    assert not errors
    assert names == ["plant.yaml", "sub/a.yaml", "sub/b.yaml"]
    assert root == {"a": 1, "b": 2}


def test_a_star_stands_for_many_and_never_for_the_file_itself(tmp_path: Path) -> None:
    root, names, errors = _read(
        tmp_path,
        "include: ['*.yaml', 'units/*.yaml']\n",
        {"b.yaml": "b: 1\n", "a.yaml": "a: 1\n", "units/u.yaml": "u: 1\n"},
    )
    assert not errors
    assert names == ["plant.yaml", "a.yaml", "b.yaml", "units/u.yaml"]
    assert root == {"a": 1, "b": 1, "u": 1}


def test_a_file_that_two_others_include_is_read_once(tmp_path: Path) -> None:
    root, names, errors = _read(
        tmp_path,
        "include: [a.yaml, b.yaml]\n",
        {"a.yaml": "include: shared.yaml\n", "b.yaml": "include: shared.yaml\n", "shared.yaml": "s: 1\n"},
    )
    assert not errors
    assert names.count("shared.yaml") == 1
    assert root == {"s": 1}


def test_a_circle_is_named(tmp_path: Path) -> None:
    _, _, errors = _read(
        tmp_path,
        "include: a.yaml\n",
        {"a.yaml": "x: 1\ninclude: b.yaml\n", "b.yaml": "include:\n  - a.yaml\n"},
    )
    assert errors == [
        "b.yaml:2: include: the files include one another in a circle: "
        "plant.yaml → a.yaml → b.yaml → a.yaml; remove one of these includes"
    ]


def test_what_is_written_twice_names_both_places(tmp_path: Path) -> None:
    _, _, errors = _read(
        tmp_path,
        "include: a.yaml\ngateway: {name: one}\ndevices:\n  plc: {host: a}\n"
        "access: {users: {ann: {role: qa}}}\n",
        {"a.yaml": "gateway: {name: two}\ndevices:\n  plc: {port: 1}\naccess: {users: {ann: {units: []}}}\n"},
    )
    assert [error.partition("; ")[0] for error in errors] == [
        "a.yaml:1: gateway.name: is already written in plant.yaml:2",
        "a.yaml:3: devices.plc: is already written in plant.yaml:4",
        "a.yaml:4: access.users.ann: is already written in plant.yaml:5",
    ]


def test_a_missing_file_and_a_pattern_without_a_match(tmp_path: Path) -> None:
    _, _, errors = _read(tmp_path, "include:\n  - none.yaml\n  - none/*.yaml\n  - 5\n", {})
    assert (
        "plant.yaml:2: include: no file 'none.yaml'; the path is relative to the folder of this file"
        in errors[0]
    )
    assert errors[1].startswith("plant.yaml:3: include: no file 'none/*.yaml'")
    assert errors[2].startswith("plant.yaml:4: include: is not the name of a file but 5; write include: [")


def test_every_file_with_a_syntax_error_is_told(tmp_path: Path) -> None:
    _, _, errors = _read(tmp_path, "include: [a.yaml, b.yaml]\n", {"a.yaml": "x: [\n", "b.yaml": "y: }\n"})
    assert [error.partition(": ")[0] for error in errors] == ["a.yaml:2", "b.yaml:1"]
