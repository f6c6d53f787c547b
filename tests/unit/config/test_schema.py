"""The JSON Schema takes every example, and the reference page is in step with the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from config.reference import reference
from config.schema import file_schema

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "config" / "examples").rglob("*.yaml"))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = file_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_every_example_is_valid(file: Path, validator: jsonschema.Draft202012Validator) -> None:
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert [error.message for error in validator.iter_errors(content)] == []


@pytest.mark.parametrize(
    "text",
    [
        "strems: {}",
        "gateway: {scan_perod: 1 s}",
        "gateway: {scan_period: 5}",
        "devices: {plc: {driver: modbus}}",
        "devices: {plc: {driver: modbus, host: h, port: 70000}}",
        "devices: {p lc: {driver: modbus, host: h}}",
        "units: {u: {cell: c}}",
        "units: {u: {area: a, cell: c, tags: {t: {kind: numbr}}}}",
        "units: {u: {area: a, cell: c, loops: {l: {kp: big}}}}",
        "units: {u: {area: a, cell: c, alarms: {a: {limit: warm}}}}",
        "access: {users: {ann: {role: boss, public_key: x}}}",
        "streams: {historians: [{store: {type: oracle}}]}",
    ],
)
def test_mistakes_are_seen(text: str, validator: jsonschema.Draft202012Validator) -> None:
    assert list(validator.iter_errors(yaml.safe_load(text)))


@pytest.mark.parametrize(
    "text",
    [
        "devices: {plc: {driver: modbus, host: h, port: '${PORT:-502}', timeout: '${T}'}}",
        "devices: {x: {driver: profinet, settings: {a: 1}}}",
        "templates: {t: {loops: {l: {kp: '${kp}', on_bad_pv: '${action}', sp: '${sp}', ti: 0}}}}",
        "units: {u: {area: a, cell: c, template: t, loops: {l: {kp: 2}}}}",
        "units: {u: {area: '${AREA}', cell: c, tags: {t.pv: {address: {table: coil, address: 1}}}}}",
        "site: {display_name: Basel}",
    ],
)
def test_variables_parameters_and_parts_are_taken(
    text: str, validator: jsonschema.Draft202012Validator
) -> None:
    assert [error.message for error in validator.iter_errors(yaml.safe_load(text))] == []


def test_every_key_is_described() -> None:
    def undescribed(name: str, definition: dict[str, Any]) -> list[str]:
        properties = definition.get("properties", {})
        return [
            f"{name}.{key}"
            for key, value in properties.items()
            if "description" not in value and "$ref" not in json.dumps(value)
        ]

    schema = file_schema()
    parts = {"file": schema, **schema["$defs"]}
    assert [key for name, part in parts.items() for key in undescribed(name, part)] == []


def test_the_reference_page_is_in_step_with_the_models() -> None:
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    assert page == reference(), "run: python -m config.reference docs/reference/configuration.md"


def test_every_key_of_the_reference_page_says_what_it_is() -> None:
    rows = [line for line in reference().splitlines() if line.startswith("| `")]
    assert len(rows) > 150
    assert [row for row in rows if not row.split("|")[-2].strip()] == []
