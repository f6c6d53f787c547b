"""Devices: times that fit together, and their watchdogs."""

from __future__ import annotations

from urllib.parse import urlsplit

from config.checks.context import Context
from config.device_base import DeviceLease
from config.devices import OpcUaDevice
from config.errors import Path
from config.tags import Access, TagKind


def check(context: Context) -> None:
    """Check every device."""
    for name, device in context.site.devices.items():
        path: Path = ("devices", name)
        if device.reconnect_min > device.reconnect_max:
            context.error(
                (*path, "reconnect_min"), f"{device.reconnect_min:g} s is more than reconnect_max, "
                f"{device.reconnect_max:g} s", "exchange or correct them",
            )  # fmt: skip
        if isinstance(device, OpcUaDevice):
            _opcua(context, device, path)
        if device.watchdog is not None:
            _watchdog(context, name, device.watchdog)
        if device.lease is not None:
            _lease(context, name, device.lease)


def _lease(context: Context, name: str, lease: DeviceLease) -> None:
    path: Path = ("devices", name, "lease")
    for field in ("owner", "counter"):
        text = getattr(lease, field)
        tag = context.site.tags.get(text)
        if tag is None:
            context.error((*path, field), f"there is no tag {text!r}", "name a tag of this device")
        elif tag.device != name or tag.access is not Access.READ_WRITE or tag.kind is not TagKind.NUMBER:
            context.error(
                (*path, field), f"{text!r} is no number of {name!r} that is read and written",
                f"give the tag device: {name} and access: read_write",
            )  # fmt: skip
        elif tag.scaling is not None or tag.momentary:
            what, key = ("scaled", "scaling") if tag.scaling is not None else ("momentary", "momentary")
            context.error((*path, field), f"{text!r} is {what}", f"leave {key} out of the tag")
    if lease.owner == lease.counter:
        context.error((*path, "counter"), "owner and counter are one tag", "name two tags")
    if lease.expires_after < 3 * lease.period:
        context.error(
            (*path, "expires_after"), f"{lease.expires_after:g} s is less than three periods",
            f"write at least {3 * lease.period:g} s: a holder that is late must not lose the device",
        )  # fmt: skip


def _opcua(context: Context, device: OpcUaDevice, path: Path) -> None:
    for where, endpoint in (
        ("endpoint", device.endpoint),
        *(("redundant", each) for each in device.redundant),
    ):
        if not _is_endpoint(endpoint):
            context.error(
                (*path, where),
                f"{endpoint!r} is no address of an OPC UA server",
                "write opc.tcp://host:port/path",
            )
    if device.lifetime_count < 3 * device.keep_alive_count:
        context.error(
            (*path, "lifetime_count"), f"{device.lifetime_count} is less than 3 keep-alives "
            f"(keep_alive_count is {device.keep_alive_count})",
            f"write at least {3 * device.keep_alive_count}",
        )  # fmt: skip
    events = device.events
    if events is not None and events.unit is not None and events.unit not in context.site.units:
        context.error(
            (*path, "events", "unit"), f"there is no unit {events.unit!r}",
            "name the unit whose rights a user needs",
        )  # fmt: skip
    for method, wanted in device.methods.items():
        if wanted.unit not in context.site.units:
            context.error(
                (*path, "methods", method, "unit"), f"there is no unit {wanted.unit!r}",
                "name the unit whose rights a user needs",
            )  # fmt: skip
    if device.password is not None and device.username is None:
        context.error((*path, "password"), "a password without a username", "give the username")
    if device.user_certificate is not None:
        if device.username is not None:
            context.error(
                (*path, "user_certificate"), "a user is known by a name or by a certificate, not both",
                "remove username and password, or user_certificate",
            )  # fmt: skip
        if device.security is None:
            context.error(
                (*path, "user_certificate"), "a user certificate needs a secured channel",
                "configure security",
            )  # fmt: skip


def _is_endpoint(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return parts.scheme == "opc.tcp" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of the port
        return False


def _watchdog(context: Context, name: str, watchdog: str) -> None:
    path: Path = ("devices", name, "watchdog")
    tag = context.writable(watchdog, path)
    if tag is None:
        return
    if tag.device != name:
        context.error(
            path,
            f"{watchdog!r} is a tag of {tag.device!r}",
            f"the watchdog is written to {name!r}: name one of its tags",
        )
