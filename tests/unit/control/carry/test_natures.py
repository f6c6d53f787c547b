"""Every array of the state says what becomes of it, and what is declared exists."""

from __future__ import annotations

from control.carry.arena import fields_of, walk
from control.carry.natures import AXES, NATURES, Axis, axis_of
from tests.unit.control.story import plant


def test_every_field_of_the_state_has_a_nature_and_nothing_else_has() -> None:
    """Add a new column to `control/carry/natures.py`: is it definition, derived, state or a clock?"""
    fields = {field for path, array in walk(plant().state) for field in fields_of(path, array)}
    assert fields == set(NATURES)


def test_every_array_has_an_axis() -> None:
    paths = {path for path, _ in walk(plant().state)}
    for path in paths:
        assert axis_of(path) in Axis
    for declared in AXES:
        assert any(path == declared or path.startswith(f"{declared}.") for path in paths)


def test_what_is_carried_belongs_to_something() -> None:
    for path, array in walk(plant().state):
        if axis_of(path) is Axis.NOTHING:
            assert not any(NATURES[field].is_carried for field in fields_of(path, array)), path
