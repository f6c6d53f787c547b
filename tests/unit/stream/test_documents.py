"""The reference says what the program does: every topic, every event with its keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.stream import topics
from gateway.stream.event_model import Event
from gateway.stream.event_schemas import schemas

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.parametrize("topic", topics.TOPICS, ids=lambda topic: topic.__name__)
def test_every_topic_is_in_the_reference(topic: type[topics.Topic]) -> None:
    assert f"| `{topic.SHAPE}` |" in (REFERENCE / "topics.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(schemas()))
def test_every_event_is_in_the_reference_with_its_keys(name: str) -> None:
    rows = (REFERENCE / "events.md").read_text(encoding="utf-8").splitlines()
    (row,) = [row for row in rows if row.startswith(f"| `{name}` |") and row.count("|") == 4][:1]
    own = set(schemas()[name]["properties"]) - set(Event.model_fields) - {"time"}
    for key in own:
        assert f"`{key}`" in row, f"{name} has a key {key}"


@pytest.mark.parametrize("what", schemas()["journal"]["properties"]["what"]["enum"])
def test_everything_that_a_journal_says_is_explained(what: str) -> None:
    assert f"`{what}`" in (REFERENCE / "events.md").read_text(encoding="utf-8")
