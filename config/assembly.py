"""A draft's parts to a `Site`, and its fingerprint."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, TypeVar

from config.devices import DeviceBase
from config.draft import PARTS, Draft, UnitDraft
from config.errors import Findings
from config.model import Model
from config.site import Site
from config.units import Unit

_M = TypeVar("_M", bound=Model)


def assemble(draft: Draft) -> Site:
    """Return a site of what a draft holds so far."""
    return Site(
        site=draft.site,
        gateway=draft.gateway,
        devices=draft.devices,
        units={name: _unit(parts) for name, parts in draft.units.items()},
        streams=draft.streams,
        access=draft.access,
        alarm_management=draft.alarm_management,
        hmi=draft.hmi,
        simulation=draft.simulation,
    )


def finish(draft: Draft, findings: Findings) -> Site:
    """Return the site of a draft in which everything is right, with its fingerprint.

    The fingerprint covers every effective value and the order of the tags, which is their index in
    the image. Secrets are masked in it, and files are named as the configuration names them, so that
    the same configuration has the same fingerprint in another folder.
    """
    text = assemble(draft).model_dump_json()
    draft.devices = {n: _with_paths(device, n, findings) for n, device in draft.devices.items()}
    streams = Path(findings.place(("streams", "broker")).file).parent
    draft.streams = _below(streams, draft.streams)
    site = assemble(draft)
    site._fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]  # noqa: SLF001 - its one maker
    return site


def restore(text: bytes, fingerprint: str) -> Site:
    """Return a site that was written down with `Site.model_dump_json` when it was effective.

    Raises:
        pydantic.ValidationError: this version of the program does not know something in it.
    """
    site = Site.model_validate_json(text)
    site._fingerprint = fingerprint  # noqa: SLF001 - of the configuration it was then
    return site


def _unit(parts: UnitDraft) -> Unit:
    return parts.shell.model_copy(update={key: getattr(parts, key) for key in PARTS})


def _with_paths(device: DeviceBase, name: str, findings: Findings) -> DeviceBase:
    """Return a device whose files are relative to the working folder, no more to the configuration's."""
    return _below(Path(findings.place(("devices", name)).file).parent, device)


def _below(folder: Path, model: _M) -> _M:
    fields = {field: getattr(model, field) for field in type(model).model_fields}
    update = {field: value for field, value in _placed(folder, fields).items() if value is not fields[field]}
    return model.model_copy(update=update) if update else model


def _placed(folder: Path, value: Any) -> Any:
    """Return a value with every file in it below the folder; what names none is the same object."""
    if isinstance(value, Path):
        return folder / value
    if isinstance(value, Model):
        return _below(folder, value)
    if isinstance(value, dict):
        placed = {key: _placed(folder, each) for key, each in value.items()}
        return placed if any(placed[key] is not each for key, each in value.items()) else value
    if isinstance(value, list):
        items = [_placed(folder, each) for each in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value
