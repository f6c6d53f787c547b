"""The AsyncAPI document of the gateway's tree: every topic and every payload, made from the models.

AsyncAPI 3.0 (asyncapi.com/docs/reference/specification/v3.0.0): channels are topics, messages their
payloads, operations are told from the gateway's side, as the document describes the gateway.
"""

from __future__ import annotations

import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import BaseModel

from gateway.commands.message import CommandMessage, Reply
from gateway.stream import documents, topics
from gateway.stream.event_schemas import schemas
from gateway.version import VERSION

_JSON: Final = "application/json"
_LINES: Final = "text/plain; charset=utf-8"
_DIALECT: Final = "application/schema+json;version=draft-07"
_LEVELS: Final = {
    "site": "Name of the site.",
    "area": "Area (ISA-95).",
    "cell": "Process cell (ISA-95).",
    "unit": "Unit (ISA-88).",
    "gateway": "Name of the gateway.",
    "historian": "Name of the historian.",
    "partition": "Share of the gateway's stream, a number from 0.",
}
_DOCUMENTS: Final[dict[str, type[BaseModel]]] = {
    "command": CommandMessage,
    "reply": Reply,
    "state": documents.StateDocument,
    "watermark": documents.WatermarkDocument,
    "resend": documents.ResendDocument,
    "loops": documents.LoopParametersDocument,
    "health": documents.HealthDocument,
    "historian_health": documents.HistorianHealthDocument,
}
_EVENT_PREFIX: Final = "event_"
_MESSAGES: Final[dict[type[topics.Topic], str]] = {
    topics.Telemetry: "telemetry",
    topics.Command: "command",
    topics.GatewayCommand: "command",
    topics.Reply: "reply",
    topics.GatewayReply: "reply",
    topics.State: "state",
    topics.Health: "health",
    topics.LoopParameters: "loops",
    topics.Watermark: "watermark",
    topics.Resend: "resend",
    topics.HistorianHealth: "historian_health",
}
"""What travels on a topic; on the topics of events every kind of event does."""
_RECEIVED: Final = (topics.Command, topics.GatewayCommand, topics.Watermark, topics.Resend)
_HISTORIANS: Final = (topics.HistorianHealth,)
"""Sent by historians to everybody; the gateway neither sends nor receives them."""
_REPLIES: Final = {topics.Command: topics.Reply, topics.GatewayCommand: topics.GatewayReply}


def document() -> dict[str, Any]:
    """Return the AsyncAPI document as JSON-ready values."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Cellgate",
            "version": VERSION,
            "description": "What a Cellgate gateway and its historians say and hear over MQTT 3.1.1 and 5.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": _JSON,
        "channels": {_name(kind): _channel(kind) for kind in topics.TOPICS},
        "operations": {
            f"{_action(kind)}_{_name(kind)}": _operation(kind)
            for kind in topics.TOPICS
            if kind not in _HISTORIANS
        },
        "components": {"messages": _messages()},
    }


def messages_of(kind: type[topics.Topic]) -> list[str]:
    """Return the names of the messages that travel on a topic."""
    if kind in (topics.UnitEvent, topics.GatewayEvent):
        return [f"{_EVENT_PREFIX}{name}" for name in schemas()]
    return [_MESSAGES[kind]]


def export(file: Path) -> None:
    """Write the document."""
    file.write_bytes(orjson.dumps(document(), option=orjson.OPT_INDENT_2) + b"\n")


def _name(kind: type[topics.Topic]) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", kind.__name__).lower()


def _action(kind: type[topics.Topic]) -> str:
    return "receive" if kind in _RECEIVED else "send"


def _channel(kind: type[topics.Topic]) -> dict[str, Any]:
    return {
        "address": kind.SHAPE,
        "description": " ".join((kind.__doc__ or "").split()),
        "parameters": {field.name: {"description": _LEVELS[field.name]} for field in fields(kind)},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages_of(kind)},
        "bindings": {"mqtt": {}},
    }


def _operation(kind: type[topics.Topic]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "action": _action(kind),
        "channel": {"$ref": f"#/channels/{_name(kind)}"},
        "bindings": {"mqtt": {"qos": 1, "retain": kind in topics.RETAINED, "bindingVersion": "0.2.0"}},
    }
    answer = _REPLIES.get(kind)
    if answer is not None:
        found["reply"] = {
            "address": {
                "description": "MQTT 5: the command's response topic. MQTT 3.1.1, or without one: the reply "
                "channel's address, whose payload carries the command's id.",
                "location": "$message.header#/responseTopic",
            },
            "channel": {"$ref": f"#/channels/{_name(answer)}"},
        }
    return found


def _messages() -> dict[str, Any]:
    found = {"telemetry": _telemetry()}
    for name, model in _DOCUMENTS.items():
        found[name] = _message(name, model.model_json_schema(by_alias=True), model.__doc__)
    found["command"]["headers"] = _COMMAND_HEADERS
    for name, schema in schemas().items():
        found[f"{_EVENT_PREFIX}{name}"] = _message(name, schema, schema.get("description"))
    return found


def _message(name: str, schema: dict[str, Any], text: str | None) -> dict[str, Any]:
    own = {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
    return {
        "name": name,
        "contentType": _JSON,
        "summary": " ".join((text or name).split()),
        "payload": {"schemaFormat": _DIALECT, "schema": _inlined(own)},
    }


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with its own definitions in place of references to them: a message stands alone."""
    definitions = schema.pop("$defs", {})

    def resolve(node: Any) -> Any:
        if isinstance(node, list):
            return [resolve(item) for item in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if reference is None:
            return {key: resolve(value) for key, value in node.items()}
        rest = {key: value for key, value in node.items() if key != "$ref"}
        return resolve({**definitions[reference.removeprefix("#/$defs/")], **rest})

    resolved: dict[str, Any] = resolve(schema)
    return resolved


def _telemetry() -> dict[str, Any]:
    return {
        "name": "telemetry",
        "contentType": _LINES,
        "summary": "Many points of one unit as InfluxDB line protocol, headed by a line `cellgate_message` "
        "with gateway, epoch, partition, sequence, count and checksum (docs/reference/line-protocol.md).",
        "payload": {"type": "string", "pattern": "^cellgate_message,"},
    }


_COMMAND_HEADERS: Final = {
    "type": "object",
    "description": "MQTT 5 properties; absent with MQTT 3.1.1.",
    "properties": {
        "responseTopic": {"type": "string", "description": "Where the reply goes."},
        "correlationData": {"type": "string", "description": "Comes back with the reply, unchanged."},
    },
}


if __name__ == "__main__":
    export(Path(sys.argv[1]))
