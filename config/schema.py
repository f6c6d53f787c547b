"""JSON Schema of a configuration file, for completion and checks in an editor.

It describes what one file may hold, before files are merged and templates filled in: so nothing is
required that another file or a template may give, and wherever a value stands, a variable or a
parameter may stand instead. What only shows in the whole is for `cellgate check` to say.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field
from pydantic.json_schema import models_json_schema

from config.access import AccessControl
from config.alarm_management import AlarmManagement
from config.device_profiles import DeviceProfile
from config.devices import Device, ModbusAddress, OpcUaAddress
from config.hmi import Hmi
from config.model import NAME_PATTERN, Model
from config.quantities import duration_text
from config.simulation import Simulation
from config.site import Gateway, SiteIdentity
from config.streams import Streams
from config.units import Template, Unit

_VARIABLE: Final = {
    "type": "string",
    "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^{}]*)?\}",
    "description": "${VARIABLE}, ${VARIABLE:-default} or, in a template, ${parameter}",
}
_PARTIAL: Final = frozenset(
    {
        "Alarm",
        "Calculation",
        "Interlock",
        "Loop",
        "ModbusAddress",
        "OpcUaAddress",
        "Permissive",
        "Remote",
        "Scaling",
        "Selector",
        "Split",
        "Tag",
    }
)
"""Models that a template and a unit may each write a part of."""


class File(Model):
    """A configuration file of Cellgate."""

    include: str | list[str] = Field(default_factory=list)
    """Files, relative to this one, whose keys are merged with these; `*` stands for many."""
    site: SiteIdentity | None = None
    """The site: the first level of every topic."""
    gateway: Gateway | None = None
    """This gateway: its name and its scan."""
    devices: dict[str, Device] = Field(default_factory=dict)
    """The equipment's controllers, by name."""
    device_profiles: dict[str, DeviceProfile] = Field(default_factory=dict)
    """What is known of a kind of device, by the name that devices give as their `profile`."""
    templates: dict[str, Template] = Field(default_factory=dict)
    """What many units have in common, by name."""
    units: dict[str, Unit] = Field(default_factory=dict)
    """The units of the physical model (ISA-88), by name."""
    streams: Streams | None = None
    """Broker, journal, historians."""
    access: AccessControl | None = None
    """Who may command."""
    alarm_management: AlarmManagement | None = None
    """Classes and consoles of alarms."""
    hmi: Hmi | None = None
    """The operator's screens."""
    simulation: Simulation | None = None
    """The plant that stands in for the equipment; left out for a real one."""


def file_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a configuration file."""
    models = (File, ModbusAddress, OpcUaAddress)
    _, schema = models_json_schema([(model, "validation") for model in models])
    definitions: dict[str, Any] = schema["$defs"]
    tag = definitions["Tag"]["properties"]
    addresses = [{"$ref": f"#/$defs/{model.__name__}"} for model in models[1:]]
    tag["address"] = {**tag["address"], "anyOf": [*addresses, {"type": "object"}]}
    known = ("ModbusDevice", "OpcUaDevice", "ReplayDevice")
    ours = [definitions[model]["properties"]["driver"]["const"] for model in known]
    definitions["OtherDevice"]["properties"]["driver"]["not"] = {"enum": ours}
    for model in ("ModbusDevice", "OpcUaDevice"):
        known = definitions[model]["properties"]["profile"]
        shape = {key: known.pop(key) for key in ("$ref", "enum", "type", "title") if key in known}
        known["anyOf"] = [shape, {"type": "string", "pattern": NAME_PATTERN.pattern}]
    enums = {f"#/$defs/{name}" for name, definition in definitions.items() if "enum" in definition}
    for name, definition in definitions.items():
        if name in _PARTIAL:
            definition.pop("required", None)
        for key, value in definition.get("properties", {}).items():
            definition["properties"][key] = _or_variable(_readable(value), enums)
    root: dict[str, Any] = definitions.pop("File")
    for collection in ("devices", "device_profiles", "templates", "units"):
        root["properties"][collection]["propertyNames"] = {"pattern": NAME_PATTERN.pattern}
    for section in ("site", "gateway", "streams", "access", "simulation"):
        _drop_required(root["properties"][section], definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Cellgate configuration",
        **{key: value for key, value in root.items() if key != "title"},
        "$defs": definitions,
    }


def _drop_required(section: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Let another file write the rest of a section."""
    for choice in section.get("anyOf", [section]):
        name = str(choice.get("$ref", "")).removeprefix("#/$defs/")
        if name in definitions:
            definitions[name].pop("required", None)


def _readable(value: dict[str, Any]) -> dict[str, Any]:
    """Return a property's schema without its title, which repeats the name, and with times as text."""
    value = {key: part for key, part in value.items() if key != "title"}
    if isinstance(value.get("default"), float) and "x-quantity" in str(value):
        value["default"] = duration_text(value["default"])
    return value


def _or_variable(value: dict[str, Any], enums: set[str]) -> dict[str, Any]:
    """Return a property's schema that takes a variable too; mappings and plain texts stay as they are."""
    is_mapping = value.get("type") in {"object", "array"} or ("$ref" in value and value["$ref"] not in enums)
    if is_mapping or _takes_any_text(value):
        return value
    kept: dict[str, Any] = {key: value[key] for key in ("description", "default") if key in value}
    rest: dict[str, Any] = {key: part for key, part in value.items() if key not in kept}
    choices = rest.pop("anyOf", None) if set(rest) == {"anyOf"} else [rest]
    return {**kept, "anyOf": [*(choices or [rest]), _VARIABLE]}


def _takes_any_text(value: dict[str, Any]) -> bool:
    if "anyOf" in value:
        return any(_takes_any_text(choice) for choice in value["anyOf"])
    limited = {"pattern", "enum", "const", "format"} & value.keys()
    return not value or (value.get("type") == "string" and not limited)
