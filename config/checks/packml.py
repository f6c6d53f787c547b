"""PackML commands: tags that fit their parts, of one device, and moved by nothing else."""

from __future__ import annotations

from config.checks.context import Context
from config.errors import Path
from config.packml import PackMl
from config.tag_names import tag_names


def check(context: Context) -> None:
    """Check how every unit takes its commands."""
    for unit, content in context.site.units.items():
        if content.packml is not None:
            _machine(context, content.packml, ("units", unit, "packml"))


def _machine(context: Context, machine: PackMl, path: Path) -> None:
    for where, name in tag_names(machine):
        tag = context.site.tags.get(name)
        if tag is not None and tag.kind not in name.kinds:
            wanted = " or ".join(sorted(name.kinds))
            context.error((*path, *where), f"{name!r} is a {tag.kind}", f"name a tag that is a {wanted}")
    devices = {field: _device(context, name, (*path, field)) for field, name in machine.written.items()}
    for field, device in devices.items():
        if device is not None and devices["command"] not in (None, device):
            context.error(
                (*path, field), "it belongs to another device than the command", "name tags of one device"
            )
    if machine.mode is None and machine.mode_command is not None:
        context.error((*path, "mode"), "is missing", "name the tag that says which mode the machine is in")
    if machine.mode_command is None and machine.mode_request is not None:
        context.error((*path, "mode_command"), "is missing", "name the tag that takes the number of a mode")


def _device(context: Context, name: str, path: Path) -> str | None:
    tag = context.writable(name, path, momentary=True)
    if tag is None:
        return None
    owner = context.site.owners.get(name)
    forced = next((n for n, i in context.site.interlocks.items() if name in i.force), None)
    if owner is not None or forced is not None:
        mover = owner or f"interlock {forced!r}"
        context.error(path, f"{mover} moves {name!r}", "name the tag that takes commands, and nothing else")
    return tag.device
