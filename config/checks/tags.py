"""Tags: ranges, scaling, units, devices, and whether the device can hold what the tag says."""

from __future__ import annotations

from config.checks.context import WRITABLE, Context
from config.devices import BIT_TABLES, ModbusAddress, ModbusDevice, RegisterType, Table
from config.errors import Path
from config.suggest import did_you_mean, listed
from config.tags import Reporting, Tag, TagKind

_READ_ONLY = frozenset({Table.INPUT, Table.DISCRETE})
_WHOLE = frozenset(kind for kind in RegisterType if "int" in kind)


def check(context: Context) -> None:
    """Check every tag that the configuration writes out."""
    count = 0
    for unit, content in context.site.units.items():
        for name, tag in content.tags.items():
            count += 1
            path: Path = ("units", unit, "tags", name)
            _quantities(context, tag, path)
            _device(context, tag, path)
            if isinstance(tag.address, ModbusAddress) and tag.device in context.site.devices:
                _modbus(context, tag, tag.address, path)
        for name, calculation in content.calculations.items():
            _deadband(context, calculation.report, calculation.unit, ("units", unit, "calculations", name))
    if count == 0 and not context.findings.count:
        context.error(("units",), "the plant is empty: it has no tag", "write units with tags")


def _quantities(context: Context, tag: Tag, path: Path) -> None:
    low = context.number(tag.low, tag.unit, (*path, "low"))
    high = context.number(tag.high, tag.unit, (*path, "high"))
    if low is not None and high is not None and low >= high:
        context.error(
            (*path, "low"), f"low ({tag.low}) is not below high ({tag.high})", "exchange or correct them"
        )
    context.number(tag.fail_value, tag.unit, (*path, "fail_value"))
    if tag.momentary and (tag.access not in WRITABLE or tag.kind is TagKind.TEXT or tag.device is None):
        context.error(
            (*path, "momentary"), "nothing can be written to it", "remove momentary, or give it access: write"
        )
    _deadband(context, tag.report, tag.unit, path)
    if tag.scaling is not None:
        _scaling(context, tag, (*path, "scaling"))
    if tag.kind is TagKind.TEXT:
        for field in ("low", "high", "scaling", "fail_value"):
            if getattr(tag, field) is not None:
                context.error((*path, field), f"a text has no {field}", "remove it, or make the tag a number")


def _deadband(context: Context, report: Reporting, unit: str, owner: Path) -> None:
    path = (*owner, "report", "deadband")
    deadband = context.number(report.deadband, unit, path, span=True)
    if deadband is not None and deadband < 0:
        context.error(path, f"{report.deadband} is negative", "write 0 or more")


def _scaling(context: Context, tag: Tag, path: Path) -> None:
    scaling = tag.scaling
    assert scaling is not None
    low = context.number(scaling.low, tag.unit, (*path, "low"))
    high = context.number(scaling.high, tag.unit, (*path, "high"))
    if scaling.raw_low == scaling.raw_high:
        context.error(
            (*path, "raw_low"), "raw_low and raw_high are the same", "give the two ends of the line"
        )
    if low is not None and low == high:
        context.error((*path, "low"), "low and high are the same", "give the two ends of the line")


def _device(context: Context, tag: Tag, path: Path) -> None:
    known = list(context.declared("devices"))
    if tag.device is None:
        if tag.address is not None:
            context.error(path, "it has an address and no device", f"name its device, {listed(known)}")
    elif tag.device not in context.site.devices and tag.device not in known:
        fix = did_you_mean(
            tag.device, known, f"the devices are {listed(known)}" if known else "there are none"
        )
        context.error((*path, "device"), f"there is no device {tag.device!r}", fix)


def _modbus(context: Context, tag: Tag, address: ModbusAddress, path: Path) -> None:
    device = context.site.devices[tag.device or ""]
    assert isinstance(device, ModbusDevice)
    where = (*path, "address")
    writes = tag.access in WRITABLE
    if writes and address.table in _READ_ONLY:
        other = "holding" if address.table is Table.INPUT else "coil"
        context.error(
            (*path, "access"), f"the table {address.table} can only be read",
            f"leave out access, or take the table {other}",
        )  # fmt: skip
    try:
        address.on_the_wire(device.address_base)
    except ValueError as error:
        context.error(where, str(error), "correct the address, or address_base of the device")
    unit_id = device.unit_id if address.unit_id is None else address.unit_id
    if unit_id == 0 and (device.serial is not None or device.framing == "rtu"):
        context.error(
            where, "unit id 0 is the broadcast of a serial line: nobody answers it",
            "write the unit id of the device, 1 to 247",
        )  # fmt: skip
    if address.table not in BIT_TABLES:
        limits = [("max_registers", device.max_registers, "read")]
        limits += [("max_write_registers", device.max_write_registers, "write")] if writes else []
        for name, limit, verb in limits:
            if address.count > limit:
                context.error(
                    where, f"a {address.type} takes {address.count} registers and would be split: "
                    f"{tag.device!r} can {verb} {limit} in one request",
                    f"take a smaller type, or correct {name} of the device",
                )  # fmt: skip
    _kind(context, tag, address, where)


def _kind(context: Context, tag: Tag, address: ModbusAddress, where: Path) -> None:
    if address.type is RegisterType.STRING and tag.kind is not TagKind.TEXT:
        context.error(where, "a string needs a tag of kind text", "write kind: text")
    elif tag.kind is TagKind.TEXT and address.type is not RegisterType.STRING and address.type not in _WHOLE:
        context.error(where, f"a text cannot be a {address.type}", "take a string or an integer")
    elif tag.kind is TagKind.BOOL and address.type in {RegisterType.FLOAT32, RegisterType.FLOAT64}:
        context.error(where, f"a bool cannot be a {address.type}", "take a bit or an integer")
