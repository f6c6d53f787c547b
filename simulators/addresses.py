"""Prints the address lists of the simulated devices: `python -m simulators.addresses`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from simulators.bioreactor_signals import NAMESPACE, bioreactor_signals
from simulators.environment_signals import environment_registers
from simulators.fill_line_signals import fill_line_registers
from simulators.signals import Kind, Register, Signal

_VARIANT = {
    Kind.BOOL: "Boolean",
    Kind.UINT32: "UInt32",
    Kind.FLOAT32: "Float",
    Kind.FLOAT64: "Double",
    Kind.TEXT: "String",
}

_INTRODUCTION = f"""# Addresses of the simulated devices

Made by `python -m simulators.addresses`; a test holds the two together.

Every device has a `Watchdog` input. Once it has changed for the first time, it must go on
changing: when it stops for `watchdog_timeout`, the device takes its safe positions and shows
`SafeState`. Commands that were in force then are replaced by the safe values (read-back shows
it); what is written afterwards takes effect when the counter moves again. The fill line stops, and
ignores PackML commands until the counter moves.

## Bioreactor (OPC UA)

Namespace URI `{NAMESPACE}`, string identifiers as below. The index of the
namespace is 2 after the first start and may be another after a restart. Ranges of flows, weight,
volume and power are for the default working volume of 200 L and scale with `volume_l` (small
vessels stir faster). No security, anonymous.

A command outside its range is refused with BadOutOfRange, another data type with
BadTypeMismatch, a write to a read-only node with BadUserAccessDenied.
"""

_MODBUS = """
Unit id 1 (any other is answered with exception 0B). Addresses are 0-based, as on the wire.
Bytes within a register are big-endian; *words* says which register of a value comes first.
Raw value = engineering value / factor. Unused registers between two listed ones of the same
hundred, and unused bits up to the next multiple of 16, read 0; everything else is exception 02.
A value outside its range is exception 03, and so is writing one register of a value that has
several. A failed sensor reads NaN, -32768 or 65535.
"""


def _range(signal: Signal) -> str:
    return f"{signal.low:g} … {signal.high:g}" if signal.high > signal.low else ""


def _nodes(signals: Iterable[Signal]) -> str:
    lines = ["| identifier | type | unit | range | access | what |", "|---|---|---|---|---|---|"]
    for s in signals:
        access = "rw" if s.writable else "r"
        cells = (f"`{s.name}`", _VARIANT[s.kind], s.unit, _range(s), access, s.description)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _registers(registers: Iterable[Register]) -> str:
    lines = [
        "| table | address | signal | type | words | factor | unit | range | access | what |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for r in registers:
        s = r.signal
        several = s.kind not in (Kind.BOOL, Kind.INT16, Kind.UINT16)
        words = ("little" if r.little_words else "big") if several else ""
        factor = "" if r.factor == 1.0 else f"{r.factor:g}"
        cells = (
            r.table.value,
            str(r.address),
            f"`{s.name}`",
            s.kind.value,
            words,
            factor,
            s.unit,
            _range(s),
            "rw" if s.writable else "r",
            s.description,
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def address_list() -> str:
    """Return the address lists of all devices, as Markdown."""
    return "\n".join(
        [
            _INTRODUCTION,
            _nodes(bioreactor_signals()),
            "## Fill line (Modbus TCP)",
            _MODBUS,
            _registers(fill_line_registers()),
            "## Clean-room monitoring (Modbus TCP)",
            _MODBUS,
            _registers(environment_registers()),
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(address_list())
