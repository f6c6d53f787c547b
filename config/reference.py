"""The reference page of the configuration, made from the models: every key, its type, its default.

`python -m config.reference docs/reference/configuration.md` writes it; a test holds the two together.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.access import AccessControl, User
from config.alarm_management import AlarmClass, AlarmManagement, Console
from config.alarms import Alarm, Approval, CampaignLimit, PackMLSuppression, Suppression
from config.broker import Broker, BrokerAddress, BrokerTls
from config.device_profiles import DeviceProfile
from config.devices import (
    ModbusAddress,
    ModbusDevice,
    ModbusIdentity,
    ModbusSerial,
    ModbusTls,
    OpcUaAddress,
    OpcUaDevice,
    OtherDevice,
    ReplayDevice,
)
from config.hmi import Hmi
from config.interlocks import Interlock, Permissive
from config.law import FeedForward, GainPoint, GainSchedule
from config.loops import Calculation, Loop
from config.model import NAME_PATTERN
from config.opcua import OpcUaEvents, OpcUaMethod
from config.opcua_security import OpcUaSecurity, OpcUaUserCertificate
from config.packml import PackMl
from config.profiles import Profile, Segment
from config.quantities import duration_text
from config.schema import File
from config.screens import (
    BioreactorScreen,
    CleanRoomsScreen,
    Counters,
    Exhaust,
    FillingLineScreen,
    Gas,
    GenericScreen,
    Inlet,
    Jacket,
    Room,
    Stirrer,
    Weights,
)
from config.simulation import SimulatedDevice, Simulation
from config.site import Gateway, SiteIdentity
from config.sparkplug import SparkplugCommands, SparkplugNode
from config.sparkplug_device import SparkplugAddress, SparkplugSettings
from config.streams import (
    Client,
    Consumer,
    EmbeddedStore,
    Historian,
    InfluxStore,
    InfluxTrend,
    Journal,
    Retention,
    Streams,
    Telemetry,
)
from config.structures import Branch, Remote, Selector, Split
from config.tag_lists import COLUMNS
from config.tags import Reporting, Scaling, Tag
from config.units import Parameter, Template, Unit

_SECTIONS: Final[tuple[tuple[str, type[BaseModel]], ...]] = (
    ("A file", File),
    ("site", SiteIdentity),
    ("gateway", Gateway),
    ("devices.NAME, driver: modbus", ModbusDevice),
    ("devices.NAME.serial (modbus)", ModbusSerial),
    ("devices.NAME.tls (modbus)", ModbusTls),
    ("devices.NAME.identity (modbus)", ModbusIdentity),
    ("devices.NAME, driver: opcua", OpcUaDevice),
    ("devices.NAME.security (opcua)", OpcUaSecurity),
    ("devices.NAME.user_certificate (opcua)", OpcUaUserCertificate),
    ("devices.NAME.events (opcua)", OpcUaEvents),
    ("devices.NAME.methods.NAME (opcua)", OpcUaMethod),
    ("devices.NAME, driver: replay", ReplayDevice),
    ("device_profiles.NAME", DeviceProfile),
    ("devices.NAME, any other driver", OtherDevice),
    ("devices.NAME.settings (sparkplug)", SparkplugSettings),
    ("templates.NAME", Template),
    ("templates.NAME.parameters.NAME", Parameter),
    ("units.NAME", Unit),
    ("tags.NAME", Tag),
    ("tags.NAME.address, of a modbus device", ModbusAddress),
    ("tags.NAME.address, of an opcua device", OpcUaAddress),
    ("tags.NAME.address, of a sparkplug device", SparkplugAddress),
    ("tags.NAME.scaling", Scaling),
    ("tags.NAME.report", Reporting),
    ("calculations.NAME", Calculation),
    ("loops.NAME", Loop),
    ("loops.NAME.remote", Remote),
    ("selectors.NAME", Selector),
    ("splits.NAME", Split),
    ("splits.NAME.branches[]", Branch),
    ("alarms.NAME", Alarm),
    ("alarms.NAME.suppress", Suppression),
    ("alarms.NAME.suppress.packml", PackMLSuppression),
    ("alarms.NAME.approval", Approval),
    ("alarms.NAME.campaigns.ID", CampaignLimit),
    ("interlocks.NAME", Interlock),
    ("permissives.NAME", Permissive),
    ("loops.NAME.feed_forward", FeedForward),
    ("loops.NAME.schedule", GainSchedule),
    ("loops.NAME.schedule.points[]", GainPoint),
    ("profiles.NAME", Profile),
    ("profiles.NAME.segments[]", Segment),
    ("packml", PackMl),
    ("screen, page: generic", GenericScreen),
    ("screen, page: bioreactor", BioreactorScreen),
    ("screen.stirrer", Stirrer),
    ("screen.jacket", Jacket),
    ("screen.exhaust", Exhaust),
    ("screen.inlets[]", Inlet),
    ("screen.gases[]", Gas),
    ("screen, page: filling_line", FillingLineScreen),
    ("screen.counters", Counters),
    ("screen.weights", Weights),
    ("screen, page: clean_rooms", CleanRoomsScreen),
    ("screen.rooms.NAME", Room),
    ("streams", Streams),
    ("streams.broker", Broker),
    ("streams.broker.others[]", BrokerAddress),
    ("streams.broker.tls", BrokerTls),
    ("streams.telemetry", Telemetry),
    ("streams.journal", Journal),
    ("streams.historians[]", Historian),
    ("streams.historians[].store, type: embedded", EmbeddedStore),
    ("streams.historians[].store.retention", Retention),
    ("streams.historians[].store, type: influxdb", InfluxStore),
    ("streams.historians[].store.trends[], type: influxdb", InfluxTrend),
    ("streams.consumers[]", Consumer),
    ("streams.clients.NAME", Client),
    ("streams.sparkplug[]", SparkplugNode),
    ("streams.sparkplug[].commands", SparkplugCommands),
    ("access", AccessControl),
    ("access.users.NAME", User),
    ("alarm_management", AlarmManagement),
    ("alarm_management.classes.NAME", AlarmClass),
    ("alarm_management.consoles.NAME", Console),
    ("hmi", Hmi),
    ("simulation", Simulation),
    ("simulation.devices.NAME", SimulatedDevice),
)

_OPENING: Final = """\
# The configuration, key by key

Made from the models by `python -m config.reference`; do not edit it. How the parts work together is told
in [Write a site](../how-to/write-a-site.md), the language of calculations and interlocks in its own
[reference](expressions.md). `cellgate check SITE.yaml` says what is wrong with a file, `cellgate schema`
prints the JSON Schema that lets an editor complete it.

Types:

* **time**: a number with a unit of time: `100 ms`, `5 s`, `2 min`, `4 h`, `30 d`; a bare `0` too.
* **quantity**: a number in the unit of the tag it belongs to, or with a unit that converts to it: `37`,
  `37 degC`, `310.15 K`.
* **name**: letters, digits, `_` and `-`; it becomes a level of a topic.
* **secret**: a text that never appears in messages, logs or the fingerprint; take it from the environment:
  `${BROKER_PASSWORD}`.

Everywhere, `${NAME}` stands for a variable of the environment and `${NAME:-default}` for a variable that
need not be set.
"""


def reference() -> str:
    """Return the page in Markdown."""
    parts = [_OPENING]
    parts += [_section(title, model) for title, model in _SECTIONS]
    columns = ", ".join(f"`{column}`" for column in COLUMNS)
    parts.append(
        "## Columns of a tag list\n\nThe first row of the CSV file names the columns. Only `name` must be "
        f"there: {columns}, and `address.…` for the fields of the device's addresses.\n"
    )
    return "\n".join(parts)


def _section(title: str, model: type[BaseModel]) -> str:
    schema = model.model_json_schema(mode="validation")
    definitions = schema.get("$defs", {})
    required = set(schema.get("required", ())) if model is not File else set()
    lines = [f"## {title}", "", _prose(model.__doc__), ""]
    lines += ["| key | type | default | what |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        part = schema["properties"][name]
        value = field.get_default(call_default_factory=True)
        default = "**required**" if name in required else _default(value, part)
        what = _cell(field.description or description_of_type(field))
        lines.append(f"| `{name}` | {_type(part, definitions)} | {default} | {what} |")
    return "\n".join([*lines, ""])


def description_of_type(field: FieldInfo) -> str:
    """Return what a field's own type says of itself: that of an enum, or of a part with fields."""
    annotation = field.annotation
    is_ours = isinstance(annotation, type) and annotation.__module__.startswith("config.")
    return _prose(annotation.__doc__).partition("\n")[0] if is_ours and annotation is not None else ""


def _prose(text: str | None) -> str:
    return "\n".join(line.strip() for line in (text or "").strip().splitlines())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _default(value: Any, part: dict[str, Any]) -> str:
    if value is None or value in ("", {}, [], ()):
        return ""
    if isinstance(value, float) and "x-quantity" in str(part):
        return f"`{duration_text(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{value:g}`"
    if isinstance(value, BaseModel | list):
        return "as below"
    return f"`{value}`"


def _type(part: dict[str, Any], definitions: dict[str, Any]) -> str:
    """Return a property's type in the words of the page."""
    if "$ref" in part:
        return _named(part["$ref"].rpartition("/")[2], definitions)
    if "enum" in part or "const" in part:
        return ", ".join(f"`{choice}`" for choice in part.get("enum", [part.get("const")]))
    if choices := part.get("anyOf") or part.get("oneOf"):
        return _choice(choices, definitions)
    return _collection(part, definitions) or _special(part) or _simple(part)


def _collection(part: dict[str, Any], definitions: dict[str, Any]) -> str | None:
    if part.get("type") == "array":
        return f"list of {_type(part.get('items', {}), definitions)}"
    if part.get("type") == "object":
        inner = part.get("additionalProperties")
        return f"mapping of {_type(inner, definitions)}" if isinstance(inner, dict) else "mapping"
    return None


def _special(part: dict[str, Any]) -> str | None:
    if part.get("x-quantity") == "time":
        return "time"
    if part.get("format") == "password":
        return "secret"
    return "name" if part.get("pattern") == NAME_PATTERN.pattern else None


def _simple(part: dict[str, Any]) -> str:
    words = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text"}
    return words.get(str(part.get("type")), "anything") + _bounds(part)


def _named(name: str, definitions: dict[str, Any]) -> str:
    definition = definitions.get(name, {})
    return ", ".join(f"`{choice}`" for choice in definition["enum"]) if "enum" in definition else "mapping"


def _choice(choices: list[dict[str, Any]], definitions: dict[str, Any]) -> str:
    types = {choice.get("type") for choice in choices}
    if {"number", "string"} <= types and any("pattern" in choice for choice in choices):
        return "quantity"
    words = [_type(choice, definitions) for choice in choices if choice.get("type") != "null"]
    return " or ".join(word for word in dict.fromkeys(words) if word != "`0`")


def _bounds(part: dict[str, Any]) -> str:
    low, high = part.get("minimum"), part.get("maximum")
    if low is not None and high is not None:
        return f", {low} to {high}"
    above = part.get("exclusiveMinimum")
    return f", {low} or more" if low is not None else f", more than {above}" if above is not None else ""


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
