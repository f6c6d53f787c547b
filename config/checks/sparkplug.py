"""Sparkplug edge nodes: ids that are unique on a broker, units and users that exist, rights that are any."""

from __future__ import annotations

from config.access import Role
from config.checks.context import Context
from config.errors import Path
from config.sparkplug import SparkplugNode
from config.suggest import did_you_mean, listed


def check(context: Context) -> None:
    """Check every edge node."""
    streams = context.site.streams
    if streams.sparkplug:
        _cases(context)
    taken: dict[tuple[str, str, str], int] = {}
    for index, node in enumerate(streams.sparkplug):
        path: Path = ("streams", "sparkplug", index)
        edge = node.edge_node or context.site.gateway.name
        for address in (node.broker or streams.broker).addresses:
            first = taken.setdefault((str(address), node.group, edge), index)
            if first != index:
                context.error(
                    (*path, "edge_node"), f"{node.group}/{edge} is an edge node at {address} already",
                    "every edge node of a broker has a group and id of its own: give edge_node another id",
                )  # fmt: skip
                break
        _names(context, path, node, edge)
        _units(context, (*path, "units"), node.units or [])
        _commands(context, path, node)
        if node.historical > streams.journal.max_age:
            context.warn((*path, "historical"), "the journal keeps nothing as old as that")


def _cases(context: Context) -> None:
    """Warn of names that hosts may take for one: the specification wants more than their case to differ."""
    for kind, names in (
        ("units", context.site.units),
        ("devices", context.site.devices),
        ("tags", context.site.tags),
    ):
        known: dict[str, str] = {}
        for name in names:
            first = known.setdefault(name.lower(), name)
            if first != name:
                path: Path = ("streams", "sparkplug")
                context.warn(path, f"the {kind} {first!r} and {name!r} differ in case alone")


def _names(context: Context, path: Path, node: SparkplugNode, edge: str) -> None:
    for field, value in (("group", node.group), ("edge_node", edge), ("primary_host", node.primary_host)):
        if value is not None and " " in value:
            context.warn((*path, field), f"{value!r} has a space in it: a NATS server ends such connections")


def _units(context: Context, path: Path, units: list[str]) -> None:
    known = context.site.units
    for number, unit in enumerate(units):
        if unit not in known:
            fix = did_you_mean(unit, known, f"the units are {listed(known)}")
            context.error((*path, number), f"there is no unit {unit!r}", fix)


def _commands(context: Context, path: Path, node: SparkplugNode) -> None:
    if node.commands is None:
        return
    path = (*path, "commands")
    if node.commands.user in context.site.access.users:
        context.error(
            (*path, "user"), f"{node.commands.user!r} signs its commands, hosts of Sparkplug do not",
            "give a name of its own, so that the audit trail tells the two apart",
        )  # fmt: skip
    _units(context, (*path, "units"), node.commands.units)
    if node.commands.role in (Role.QA, Role.CLIENT):
        context.error(
            (*path, "role"), f"role {node.commands.role} commands nothing",
            "give operator, supervisor, engineer or batch; or leave commands out",
        )  # fmt: skip
