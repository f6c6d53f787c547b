"""A draft's parts to a `Site`, and its fingerprint."""

from __future__ import annotations

import hashlib
from pathlib import Path

from config.devices import DeviceBase, OpcUaDevice
from config.draft import PARTS, Draft, UnitDraft
from config.errors import Findings
from config.site import Site
from config.units import Unit


def assemble(draft: Draft) -> Site:
    """Return a site of what a draft holds so far."""
    return Site(
        site=draft.site,
        gateway=draft.gateway,
        devices=draft.devices,
        units={name: _unit(parts) for name, parts in draft.units.items()},
        streams=draft.streams,
        access=draft.access,
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
    site = assemble(draft)
    site._fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]  # noqa: SLF001 - its one maker
    return site


def _unit(parts: UnitDraft) -> Unit:
    return parts.shell.model_copy(update={key: getattr(parts, key) for key in PARTS})


def _with_paths(device: DeviceBase, name: str, findings: Findings) -> DeviceBase:
    """Return a device whose files are relative to the working folder, no more to the configuration's."""
    if not isinstance(device, OpcUaDevice) or device.security is None:
        return device
    folder = Path(findings.place(("devices", name)).file).parent
    files = ("certificate", "private_key", "trusted")
    update = {field: folder / getattr(device.security, field) for field in files}
    return device.model_copy(update={"security": device.security.model_copy(update=update)})
