"""What one configuration changes of another: thing by thing, field by field. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel, SecretStr

from config.quantities import holds_time
from config.site import Site

Effect = Literal["added", "removed", "changed"]
_SINGULAR: Final = {
    "devices": "device",
    "units": "unit",
    "users": "user",
    "tags": "tag",
    "loops": "loop",
    "alarms": "alarm",
    "calculations": "calculation",
    "interlocks": "interlock",
}
"""What a section's things are called; another section's are called as the section."""
ONLINE: Final = frozenset({"devices", "units", "access", "hmi", "simulation"})
"""Sections that a running gateway can change, or that do not concern it."""
_ONLINE_OF_GATEWAY: Final = frozenset(
    {"scan_period", "outputs_armed", "warm_start_max_age", "warm_start_armed", "max_force"}
)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, before and after."""

    field: str
    before: Any
    after: Any
    is_time: bool = False
    """True: the values are seconds."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one thing."""

    kind: str
    """`loop`, `alarm`, `device` and so on, or the section for settings that are no things."""
    name: str
    effect: Effect
    fields: tuple[FieldChange, ...] = ()
    """Of what changed."""


def changes(before: Site, after: Site) -> list[Change]:
    """Return what the second configuration changes of the first."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    found: list[Change] = []
    for section in new:
        if section == "units":
            found += _units(old[section], new[section], after.units)
        elif section == "devices":
            found += _things("devices", "", old[section], new[section], after.devices)
        elif section == "access":
            found += _things("users", "", old[section]["users"], new[section]["users"], after.access.users)
            settings = (_without(old[section], "users"), _without(new[section], "users"))
            found += _setting("access", *settings, after.access)
        else:
            found += _setting(section, old[section], new[section], getattr(after, section))
    return found


def needs_restart(before: Site, after: Site) -> list[str]:
    """Return what of a change a running gateway cannot take, as `streams.broker`."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    found = []
    for section in new:
        if section in ONLINE:
            continue
        allowed = _ONLINE_OF_GATEWAY if section == "gateway" else frozenset()
        changed = (change.field for change in _fields(old[section], new[section], None))
        found += [f"{section}.{field}" for field in changed if field.split(".")[0] not in allowed]
    return found


def changed_secrets(before: Site, after: Site) -> list[str]:
    """Return where the two have different secrets, as `devices.plc.password`.

    Nothing else tells: fingerprints and changes hold secrets masked, and so does what a gateway notes of the
    configuration that it runs. Both must have been read from their files.
    """
    old, new = _secrets(before), _secrets(after)
    return [path for path, secret in old.items() if new.get(path, secret) != secret]


def order_changed(before: Site, after: Site) -> bool:
    """Return whether the same tags stand in another order: another index each, nothing else."""
    return list(before.tags) != list(after.tags) and set(before.tags) == set(after.tags)


def _units(old: Mapping[str, Any], new: Mapping[str, Any], units: Mapping[str, Any]) -> Iterator[Change]:
    for name in [*old, *(unit for unit in new if unit not in old)]:
        if name not in new or name not in old:
            yield Change("unit", name, "removed" if name not in new else "added")
        was, becomes = old.get(name, {}), new.get(name, {})
        sections = [field for field, value in (becomes or was).items() if isinstance(value, dict)]
        for section in sections:
            of = _part(units.get(name), section)
            yield from _things(section, f"{name}/", was.get(section, {}), becomes.get(section, {}), of)
        if name in new and name in old:
            shells = (_without(was, *sections), _without(becomes, *sections))
            fields = tuple(_fields(*shells, units[name]))
            if fields:
                yield Change("unit", name, "changed", fields)


def _things(
    section: str, prefix: str, old: Mapping[str, Any], new: Mapping[str, Any], models: Any
) -> Iterator[Change]:
    kind = _SINGULAR.get(section, section)
    for name in [*old, *(thing for thing in new if thing not in old)]:
        full = prefix + name
        if name not in new:
            yield Change(kind, full, "removed")
        elif name not in old:
            yield Change(kind, full, "added")
        elif old[name] != new[name]:
            yield Change(kind, full, "changed", tuple(_fields(old[name], new[name], _part(models, name))))


def _setting(section: str, old: Any, new: Any, model: Any) -> Iterator[Change]:
    fields = tuple(_fields(old, new, model))
    if fields:
        yield Change(section, section, "changed", fields)


def _fields(old: Any, new: Any, model: Any, path: str = "", is_time: bool = False) -> Iterator[FieldChange]:
    """Yield what differs of two dumps; the new one is of the model, whose types tell what is a time."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        types = type(model).model_fields if isinstance(model, BaseModel) else {}
        for key in [*old, *(name for name in new if name not in old)]:
            where = f"{path}.{key}" if path else key
            time = key in types and holds_time(types[key])
            yield from _fields(old.get(key), new.get(key), _part(model, key), where, time)
    else:
        yield FieldChange(path, old, new, is_time)


def _part(model: Any, key: str) -> Any:
    """Return what a model, or a mapping of models, has under a key, if anything."""
    return model.get(key) if isinstance(model, Mapping) else getattr(model, key, None)


def _secrets(value: object, path: str = "") -> dict[str, str]:
    """Return every secret below a value, by its path."""
    if isinstance(value, SecretStr):
        return {path: value.get_secret_value()}
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, list | tuple):
        value = {str(number): each for number, each in enumerate(value)}
    if not isinstance(value, Mapping):
        return {}
    found: dict[str, str] = {}
    for key, each in value.items():
        found |= _secrets(each, f"{path}.{key}" if path else str(key))
    return found


def _without(content: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in keys}
