"""A configuration with one mistake of each kind: all of them are told, each in its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.load import ConfigError, Problem, load

BROKEN = Path(__file__).parent / "broken"
IN_TAG_LISTS = {
    ("tags.csv", 3): ["the row has 6 cells, the first row 8"],
    ("tags.csv", 4): ["room.pressure.high: 'L' cannot be converted to 'Pa'"],
    ("tags.csv", 5): ["'room.temp' is already written in line 2"],
    ("tags.csv", 6): ["tags.limits.pv: is already written in"],
    ("tags.csv", 7): ["room.door.period: 'fast' is not a time; examples: 100 ms"],
    ("tags.csv", 8): ["the name is empty"],
    ("header.csv", 1): ["there is no column 'devise'; did you mean 'device'?", "this column stands twice"],
}
"""Mistakes in files that hold no comments."""


def _expected() -> dict[tuple[str, int], list[str]]:
    """Return what the files say of themselves: `#! part of a message && part of another`."""
    found = dict(IN_TAG_LISTS)
    for file in sorted(BROKEN.rglob("*.yaml")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if marked := re.search(r"#! (.*)", line):
                found[file.name, number] = marked.group(1).split(" && ")
    return found


@pytest.fixture(scope="module")
def problems() -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        load(BROKEN / "plant.yaml", environ={})
    return caught.value.problems


def test_every_mistake_is_told_at_its_line(problems: tuple[Problem, ...]) -> None:
    told: dict[tuple[str, int], list[str]] = {}
    for problem in problems:
        told.setdefault((Path(problem.file).name, problem.line), []).append(str(problem))
    missing = [
        f"{place}: {fragment!r} is not in {told.get(place, [])}"
        for place, fragments in _expected().items()
        for fragment in fragments
        if not any(fragment in text for text in told.get(place, []))
    ]
    assert not missing, "\n".join(missing)


def test_nothing_else_is_told(problems: tuple[Problem, ...]) -> None:
    expected = _expected()
    told: dict[tuple[str, int], list[str]] = {}
    for problem in problems:
        told.setdefault((Path(problem.file).name, problem.line), []).append(str(problem))
    surplus = [
        text for place, texts in told.items() if len(texts) > len(expected.get(place, [])) for text in texts
    ]
    assert not surplus, "\n".join(surplus)


def test_every_problem_can_be_found_and_read(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        lines = Path(problem.file).read_text(encoding="utf-8").splitlines()
        assert 1 <= problem.line <= len(lines)
        assert problem.field
        assert str(problem).startswith(f"{problem.file}:{problem.line}: {problem.field}: ")
        assert "Traceback" not in problem.message
        assert "pydantic" not in str(problem)


def test_problems_come_in_the_order_of_the_files(problems: tuple[Problem, ...]) -> None:
    assert list(problems) == sorted(problems)
