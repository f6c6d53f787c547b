"""JSON Schemas of the events, as files that other systems' developers read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final, get_args

import orjson
from pydantic.json_schema import GenerateJsonSchema

from gateway.stream.event_model import Event
from gateway.stream.events import AnyEvent

_ADDRESS: Final = "https://cellgate.invalid/schemas/v1"


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each type of event as it is sent, by type."""
    models: tuple[type[Event], ...] = get_args(get_args(AnyEvent)[0])
    return {model.model_fields["type"].default: _schema(model) for model in models}


def export(folder: Path) -> list[Path]:
    """Write each schema to `<type>.json` in a folder; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, schema in schemas().items():
        file = folder / f"{name}.json"
        file.write_bytes(orjson.dumps(schema, option=orjson.OPT_INDENT_2) + b"\n")
        files.append(file)
    return files


def _schema(model: type[Event]) -> dict[str, Any]:
    schema = model.model_json_schema(mode="serialization")
    name = model.model_fields["type"].default
    return {"$schema": GenerateJsonSchema.schema_dialect, "$id": f"{_ADDRESS}/{name}.json", **schema}


if __name__ == "__main__":
    export(Path(sys.argv[1]))
