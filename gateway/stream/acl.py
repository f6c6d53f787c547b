"""Who may read and write which topics, as an ACL file of mosquitto, from the configuration.

One broker user for each service and each user of the configuration, by its name. Rights follow what the
programs do: a gateway writes its own stream, a historian its watermarks, people read the units they have
rights for and send commands to them. A command is signed in addition: the ACL keeps strangers out, the
signature says who it was. The tree is its owner's: a user of role `client` reads its client's own tree alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from config.access import Role, User
from config.site import Site
from config.sparkplug import SparkplugNode
from gateway.gxp.identity import RIGHTS
from gateway.stream import topics
from gateway.stream.sparkplug.layout import NAMESPACE

HMI_USER = "hmi"
"""Broker user of the screens: they read everything of the site and send their users' signed commands."""


class SameName(Exception):
    """Two that must be told apart have one name."""


def mosquitto_acl(site: Site) -> str:
    """Return the ACL file.

    Raises:
        SameName: a user is called like a service.
    """
    clients = site.streams.clients
    theirs = {name: client.historian for name, client in clients.items() if client.historian is not None}
    services = [
        site.gateway.name,
        *(h.name for h in site.streams.historians),
        *(h.name for h in theirs.values()),
        HMI_USER,
    ]
    names = [*services, *site.access.users]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise SameName(f"gateway, historians, '{HMI_USER}' and users need different names: {doubled[0]!r}")
    lines = [f"# Site {site.site.name}, configuration {site.fingerprint}. Made by `cellgate acl`."]
    lines += _section(site.gateway.name, _gateway(site))
    for historian in site.streams.historians:
        lines += _section(historian.name, _historian(site, historian.name, historian.members))
    for client, historian in theirs.items():
        own = _historian(site, historian.name, historian.members)
        lines += _section(historian.name, _mounted(client, own))
    lines += _section(HMI_USER, _hmi(site))
    for name, user in site.access.users.items():
        if user.role is not Role.CLIENT:
            lines += _section(name, _person(site, user))
        elif user.client is not None:
            lines += _section(name, iter([("read", topics.client_mount(user.client) + "#")]))
    return "\n".join(lines) + "\n"


def _section(user: str, rights: Iterator[tuple[str, str]]) -> list[str]:
    return ["", f"user {user}", *(f"topic {right} {topic}" for right, topic in rights)]


def _mounted(client: str, rights: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    mount = topics.client_mount(client)
    return ((right, mount + topic) for right, topic in rights)


def _gateway(site: Site) -> Iterator[tuple[str, str]]:
    own = {"site": site.site.name, "gateway": site.gateway.name}
    yield from _stream(site)
    for written in (topics.Health, topics.LoopParameters, topics.Reply, topics.GatewayReply):
        yield "write", written.pattern(**own)
    for read in (topics.Command, topics.GatewayCommand):
        yield "read", read.pattern(**own)
    for client in site.streams.clients:
        yield from _mounted(client, _stream(site))
    for node in site.streams.sparkplug:
        if node.broker is None:  # one of its own has rules of its own
            yield from _edge_node(node, node.edge_node or site.gateway.name)


def _edge_node(node: SparkplugNode, edge_node: str) -> Iterator[tuple[str, str]]:
    for kind in ("NBIRTH", "NDATA", "NDEATH"):
        yield "write", f"{NAMESPACE}/{node.group}/{kind}/{edge_node}"
    for kind in ("DBIRTH", "DDATA", "DDEATH"):
        yield "write", f"{NAMESPACE}/{node.group}/{kind}/{edge_node}/+"
    yield "read", f"{NAMESPACE}/{node.group}/NCMD/{edge_node}"
    yield "read", f"{NAMESPACE}/{node.group}/DCMD/{edge_node}/+"
    if node.primary_host is not None:
        yield "read", f"{NAMESPACE}/STATE/{node.primary_host}"


def _stream(site: Site) -> Iterator[tuple[str, str]]:
    """Yield what a gateway does with a stream of its own, or with a client's."""
    own = {"site": site.site.name, "gateway": site.gateway.name}
    for written in (topics.Telemetry, topics.UnitEvent, topics.GatewayEvent, topics.State):
        yield "write", written.pattern(**own)
    for read in (topics.Watermark, topics.Resend):
        yield "read", read.pattern(**own)


def _historian(site: Site, name: str, members: Sequence[str]) -> Iterator[tuple[str, str]]:
    for read in (topics.Telemetry, topics.UnitEvent, topics.GatewayEvent, topics.State, topics.Health):
        yield "read", read.pattern(site=site.site.name)
    for written in (topics.Watermark, topics.Resend, topics.HistorianHealth):
        yield "write", written.pattern(site=site.site.name, historian=name)
    yield "read", topics.Watermark.pattern(site=site.site.name, historian=name)
    for member in members:
        topic = topics.HistorianHealth(site.site.name, f"{name}-{member}")
        yield "readwrite", str(topic)


def _hmi(site: Site) -> Iterator[tuple[str, str]]:
    yield "read", f"{topics.ROOT}/{site.site.name}/#"
    yield "write", topics.Command.pattern(site=site.site.name)
    yield "write", topics.GatewayCommand.pattern(site=site.site.name)


def _person(site: Site, user: User) -> Iterator[tuple[str, str]]:
    own = {"site": site.site.name, "gateway": site.gateway.name}
    for about in (topics.State, topics.Health, topics.GatewayEvent):
        yield "read", about.pattern(**own)
    yield "read", topics.HistorianHealth.pattern(site=site.site.name)
    yield "read", topics.Watermark.pattern(**own)
    if "arm" in RIGHTS[user.role]:
        yield "write", topics.GatewayCommand.pattern(**own)
        yield "read", topics.GatewayReply.pattern(**own)
    for name, unit in site.units.items():
        if user.units is not None and name not in user.units:
            continue
        place = own | {"area": unit.area, "cell": unit.cell, "unit": name}
        for read in (topics.Telemetry, topics.UnitEvent, topics.LoopParameters, topics.Reply):
            yield "read", read.pattern(**place)
        if RIGHTS[user.role]:
            yield "write", topics.Command.pattern(**place)
