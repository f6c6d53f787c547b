"""What works, and is probably not meant."""

from __future__ import annotations

from config.checks.context import WRITABLE, Context
from config.checks.structures import leadings
from config.devices import ModbusDevice, OpcUaDevice
from config.errors import Path
from config.loops import Loop
from config.quantities import QuantityError, parse_unit
from config.tags import Access, Tag

_SCANS_PER_TI = 20
"""A PI controller is taken as continuous when it acts this often within Ti."""
_SAMPLES_PER_TI = 10


def check(context: Context) -> None:
    """Record warnings."""
    outputs = {leading.output for _, leading, _ in leadings(context)}
    known_units: dict[str, bool] = {"": True}
    for unit, content in context.site.units.items():
        for name, tag in content.tags.items():
            path: Path = ("units", unit, "tags", name)
            if tag.unit not in known_units:
                known_units[tag.unit] = _is_known(tag.unit)
            if not known_units[tag.unit]:
                context.warn((*path, "unit"), f"{tag.unit!r} is not a unit that can be converted")
            _source(context, tag, path, is_output=f"{unit}/{name}" in outputs)
    for full, loop in context.site.loops.items():
        _timing(context, full, loop)
    _devices(context)


def _is_known(unit: str) -> bool:
    try:
        parse_unit(unit)
    except QuantityError:
        return False
    return True


def _source(context: Context, tag: Tag, path: Path, *, is_output: bool) -> None:
    device = context.site.devices.get(tag.device or "")
    if tag.device is None:
        if tag.access is Access.READ:
            context.warn(path, "nothing gives this tag a value", "name its device, or make it a calculation")
        return
    if device is None:
        return
    if is_output and context.site.gateway.outputs_armed and not device.writes_armed:
        context.warn(
            path,
            f"a loop moves it from the start (outputs_armed), but writes to device {tag.device!r} are off "
            "until somebody arms it",
            "write writes_armed: true on the device, or leave outputs_armed away",
        )
    period = device.period if tag.period is None else tag.period
    polled = isinstance(device, ModbusDevice) and tag.access is not Access.WRITE
    if polled and tag.stale_after <= period:
        context.warn(
            (*path, "stale_after"), f"it is read every {period:g} s and stale after {tag.stale_after:g} s",
            f"write more than {period:g} s, three periods for example",
        )  # fmt: skip
    if polled and tag.frozen_after is not None and tag.frozen_after <= 3 * period:
        context.warn(
            (*path, "frozen_after"), f"it is read every {period:g} s and frozen after {tag.frozen_after:g} s",
            "write some ten periods: a quiet process is the same twice now and then",
        )  # fmt: skip


def _timing(context: Context, full: str, loop: Loop) -> None:
    """Warn of loops that act or see too rarely for their integral time."""
    pv = context.site.tags[loop.pv]
    speed = context.site.speed_of_tag(loop.pv)
    if loop.ti <= 0:
        return
    wall = context.site.gateway.scan_period if loop.period is None else loop.period
    path = context.path("loops", full, "ti")
    if wall * speed > loop.ti / _SCANS_PER_TI:
        context.warn(
            path, f"Ti is {loop.ti:g} s, and the loop acts every {wall * speed:g} s of the plant"
            f"{_factor(wall, speed)}: less than {_SCANS_PER_TI} times in Ti",
            "shorten the period, slow the simulation down, or take a longer Ti",
        )  # fmt: skip
    sampled = _sampling(context, pv)
    if sampled is not None and sampled * speed > loop.ti / _SAMPLES_PER_TI:
        context.warn(
            path, f"Ti is {loop.ti:g} s, and the PV is measured every {sampled * speed:g} s of the plant"
            f"{_factor(sampled, speed)}: less than {_SAMPLES_PER_TI} times in Ti",
            "read the PV more often, slow the simulation down, or take a longer Ti",
        )  # fmt: skip


def _factor(wall: float, speed: float) -> str:
    return "" if speed == 1 else f" ({wall * 1000:g} ms at {speed:g} times its speed)"


def _sampling(context: Context, pv: Tag) -> float | None:
    device = context.site.devices.get(pv.device or "")
    if device is None:
        return None
    usual = (
        device.publishing_interval if isinstance(device, OpcUaDevice) and device.subscribe else device.period
    )
    return usual if pv.period is None else pv.period


def _devices(context: Context) -> None:
    used = {tag.device for tag in context.site.tags.values()}
    written = {tag.device for tag in context.site.tags.values() if tag.access in WRITABLE}
    for name, device in context.site.devices.items():
        if name not in used:
            context.warn(("devices", name), "no tag is read from this device")
        elif name in written and device.watchdog is None and device.driver != "replay":
            context.warn(
                ("devices", name), "it is written to and has no watchdog: it goes on when the gateway stops",
                "name the tag that its own watchdog looks at",
            )  # fmt: skip
