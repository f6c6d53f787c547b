"""The reference says what the code does."""

from __future__ import annotations

from pathlib import Path

from config.loops import Loop
from control.alarm_life_cycle import diagram, document
from control.alarm_states import MEANINGS, STEPS, AlarmState
from control.layout import COUNTERS
from control.parameters import PARAMETERS

DOCS = Path(__file__).parents[3] / "docs"


def test_the_life_cycle_in_the_reference_is_the_table() -> None:
    text = (DOCS / "reference" / "alarm-life-cycle.md").read_text(encoding="utf-8")
    between = text.split("<!-- generated -->\n")[1].split("\n<!-- end -->")[0]
    assert between == document()


def test_the_diagram_has_every_state_and_every_step() -> None:
    lines = diagram().splitlines()
    assert len(lines) == 4 + len(AlarmState) + len(STEPS)
    assert set(MEANINGS) == set(AlarmState)


def test_every_parameter_of_a_loop_is_in_the_reference() -> None:
    text = (DOCS / "reference" / "pid.md").read_text(encoding="utf-8")
    assert [name for name in Loop.model_fields if f"`{name}`" not in text] == []


def test_every_counter_that_is_explained_exists() -> None:
    text = (DOCS / "explanation" / "engine.md").read_text(encoding="utf-8")
    section = text.split("## Counters")[1].split("## Speed")[0]
    named = [word for word in section.split("`")[1::2] if word.isidentifier()]
    assert named
    assert set(named) <= set(COUNTERS.names or ())


def test_every_parameter_that_can_be_tuned_is_in_the_reference() -> None:
    text = (DOCS / "reference" / "pid.md").read_text(encoding="utf-8")
    tuning = text[text.index("## Tuning") : text.index("## Modes")]
    assert [name for name in PARAMETERS if f"`{name}`" not in tuning] == []
