"""Devices: times that fit together, and their watchdogs."""

from __future__ import annotations

from config.checks.context import Context
from config.devices import OpcUaDevice
from config.errors import Path


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


def _opcua(context: Context, device: OpcUaDevice, path: Path) -> None:
    if not device.endpoint.startswith("opc.tcp://"):
        context.error(
            (*path, "endpoint"),
            "the endpoint is no address of an OPC UA server",
            "write opc.tcp://host:port/path",
        )
    if device.lifetime_count < 3 * device.keep_alive_count:
        context.error(
            (*path, "lifetime_count"), f"{device.lifetime_count} is less than 3 keep-alives "
            f"(keep_alive_count is {device.keep_alive_count})",
            f"write at least {3 * device.keep_alive_count}",
        )  # fmt: skip
    if device.password is not None and device.username is None:
        context.error((*path, "password"), "a password without a username", "give the username")


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
    for loop_name, loop in context.site.loops.items():
        if loop.output == watchdog:
            context.error(
                context.path("loops", loop_name, "output"),
                f"{watchdog!r} is the watchdog of device {name!r}",
                "a loop moves an actuator",
            )  # fmt: skip
