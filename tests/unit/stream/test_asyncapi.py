"""The AsyncAPI document: valid by AsyncAPI's own schema, in step with the models, true of what is sent."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft7Validator, ValidationError

from gateway.stream import topics
from gateway.stream.asyncapi import document, messages_of

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "docs" / "reference" / "asyncapi.json"
SPECIFICATION = ROOT / "tests/foreign/asyncapi/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"


def specification() -> Draft7Validator:
    """Return AsyncAPI's own schema, from its npm package."""
    assert SPECIFICATION.exists(), "npm package @asyncapi/specs is missing: sh tests/foreign/install.sh"
    return Draft7Validator(orjson.loads(SPECIFICATION.read_bytes()))


def test_the_document_is_valid_by_asyncapis_own_schema() -> None:
    specification().validate(document())


def _without_action(found: dict[str, Any]) -> None:
    del found["operations"]["send_telemetry"]["action"]


def _with_wrong_address(found: dict[str, Any]) -> None:
    found["channels"]["telemetry"]["address"] = 1


def _with_wrong_version(found: dict[str, Any]) -> None:
    found["asyncapi"] = "2.0.0"


@pytest.mark.parametrize("damage", [_without_action, _with_wrong_address, _with_wrong_version])
def test_a_damaged_document_is_seen(damage: Any) -> None:
    found = copy.deepcopy(document())
    damage(found)
    with pytest.raises(ValidationError):
        specification().validate(found)


def test_the_published_document_is_the_one_that_the_models_give() -> None:
    """After a change: python -m gateway.stream.asyncapi docs/reference/asyncapi.json."""
    assert orjson.loads(PUBLISHED.read_bytes()) == document()


def test_every_topic_is_a_channel_and_every_reference_leads_somewhere() -> None:
    found = document()
    assert {channel["address"] for channel in found["channels"].values()} == {
        kind.SHAPE for kind in topics.TOPICS
    }

    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [r for value in node.values() for r in references(value)]
        return [r for item in node for r in references(item)] if isinstance(node, list) else []

    for reference in references(found):
        place: Any = found
        for level in reference.removeprefix("#/").split("/"):
            place = place[level]


def test_every_message_of_a_topic_is_described() -> None:
    described = document()["components"]["messages"]
    for kind in topics.TOPICS:
        assert set(messages_of(kind)) <= described.keys()
