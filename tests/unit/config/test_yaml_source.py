"""YAML: what its scalars mean, and that every mistake in a file has its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.environment import Environment
from config.errors import Findings
from config.nodes import Items, Map, Place
from config.yaml_source import read, scalar


def _read(folder: Path, text: str | bytes) -> tuple[Map | None, list[str]]:
    file = folder / "a.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    findings = Findings()
    content = read(file, Environment({}), findings)
    return content, [str(problem).replace(f"{folder}/", "") for problem in findings.errors]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12), ("-3", -3), ("0x1F", 31), ("0o17", 15), ("010", 10),
        ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("yes", "yes"), ("on", "on"), ("12:30", "12:30"), ("1_000", "1_000"), ("2026-01-01", "2026-01-01"),
        ("37 degC", "37 degC"), ("5.", 5.0), ("1e", "1e"), (".", "."), (".inf", ".inf"), ("nan", "nan"),
    ],
)  # fmt: skip
def test_plain_scalars_are_those_of_yaml_1_2(text: str, value: object, tmp_path: Path) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)
    content, errors = _read(tmp_path, f"key: {text}\n")
    assert not errors
    assert content == {"key": value}


def test_quoted_scalars_are_texts(tmp_path: Path) -> None:
    content, _ = _read(tmp_path, "a: '12'\nb: \"true\"\nc: |\n  12\nd: !!str 5\n")
    assert content == {"a": "12", "b": "true", "c": "12\n", "d": "5"}


def test_every_value_knows_its_place(tmp_path: Path) -> None:
    content, _ = _read(tmp_path, "a:\n  b: {c: 1}\n  d:\n    - x\n    - {e: 2}\n")
    assert content is not None
    file = str(tmp_path / "a.yaml")
    assert content.place_of("a") == Place(file, 1, 1)
    inner = content["a"]
    assert isinstance(inner, Map)
    assert inner.place_of("b") == Place(file, 2, 3)
    assert inner["b"].place_of("c") == Place(file, 2, 7)
    items = inner["d"]
    assert isinstance(items, Items)
    assert [items.place_of(i).line for i in (0, 1)] == [4, 5]
    assert items[1].place_of("e") == Place(file, 5, 8)
    assert items[1].place_of("not there") == items[1].place


def test_an_alias_is_what_it_stands_for(tmp_path: Path) -> None:
    content, errors = _read(tmp_path, "a: &x {b: 1}\nc: *x\n")
    assert not errors
    assert content == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: {c: 1\nd: 2\n", 3, "syntax error"),
        ("a: 1\n\tb: 2\n", 2, "a tab in the indentation; indent with spaces"),
        ("a: 1\n---\nb: 2\n", 2, "a second document begins here; remove the line '---'"),
        ("a: *nobody\n", 1, "an alias (*) without its anchor (&)"),
        ("a: [1, 2]]\n", 1, "syntax error"),
        ("- a\n- b\n", 1, "the file is not a mapping; begin with a key"),
        ("just words\n", 1, "the file is not a mapping"),
        ("a: 1\na: 2\n", 2, "a: stands twice, the first time in line 1"),
        ("a: 1\n? [x, y]\n: 2\n", 2, "a key that is not a text"),
        ("a: !secret x\n", 1, "a: a YAML tag (!) that has no meaning here"),
        ("a: !!int x\n", 1, "a: a YAML tag (!)"),
        ("a:\n  <<: {b: 1}\n", 2, "a.<<: YAML's merge key is not used here; make a template"),
        ("a: &x\n  b: *x\n", 2, "a.b: an alias within what it stands for"),
        ("a: 1\nb: \x01\n", 2, "a character that YAML does not allow"),
    ],
)
def test_mistakes_have_their_line(text: str, line: int, message: str, tmp_path: Path) -> None:
    _, errors = _read(tmp_path, text)
    assert len(errors) == 1, errors
    assert errors[0].startswith(f"a.yaml:{line}: ")
    assert message in errors[0]


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    _, errors = _read(tmp_path, b"a: 1\nb: caf\xe9\n")
    assert errors == ["a.yaml:2: file: the file is not UTF-8 text; save it as UTF-8"]


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    content, errors = _read(tmp_path, b"\xef\xbb\xbfa: 1\n")
    assert not errors
    assert content == {"a": 1}


def test_an_empty_file_is_an_empty_mapping(tmp_path: Path) -> None:
    assert _read(tmp_path, "# nothing\n") == ({}, [])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    findings = Findings()
    assert read(tmp_path / "none.yaml", Environment({}), findings) is None
    assert "cannot be read" in findings.errors[0].message
