"""The registers of a simulated clean-room monitoring system (Modbus)."""

from __future__ import annotations

from simulators.signals import Kind, Register, Signal, Table

ROOMS = ("A", "B", "C", "D")
"""Rooms by their grade, from the filling zone outwards; behind D is the outside."""

ROOM_STRIDE = 20
"""Input registers of one room: room n starts at n times this."""


def _room(index: int, room: str) -> list[Register]:
    rows: list[tuple[int, str, Kind, str, float, float, float, bool, str]] = [
        (0, "Count05", Kind.UINT32, "", 0, 0, 1, False, "Particles >= 0.5 um in the last 1 min sample"),
        (2, "Count5", Kind.UINT32, "", 0, 0, 1, False, "Particles >= 5 um in the last 1 min sample"),
        (4, "Conc05", Kind.FLOAT32, "1/m^3", 0, 1e8, 1, False, "Particles >= 0.5 um per m3, last sample"),
        (6, "Conc5", Kind.FLOAT32, "1/m^3", 0, 1e7, 1, False, "Particles >= 5 um per m3, last sample"),
        (8, "Pressure", Kind.INT16, "Pa", -100, 200, 0.1, False, "Pressure over the outside"),
        (9, "Differential", Kind.INT16, "Pa", -100, 100, 0.1, False, "Pressure over the next room outwards"),
        (10, "Temperature", Kind.INT16, "degC", 0, 50, 0.01, False, "Air temperature"),
        (11, "Humidity", Kind.UINT16, "%", 0, 100, 0.01, False, "Relative humidity"),
        (12, "AirSpeed", Kind.FLOAT32, "m/s", 0, 2, 1, True, "Air speed (unidirectional only in A)"),
        (14, "SampleNumber", Kind.UINT16, "", 0, 65535, 1, False, "Counts the samples, wraps"),
        (15, "FanSpeed", Kind.UINT16, "%", 0, 100, 0.1, False, "Supply fan speed"),
        (16, "AirChanges", Kind.FLOAT32, "1/h", 0, 1000, 1, False, "Air changes"),
        (18, "SampleVolume", Kind.FLOAT32, "L", 0, 100, 1, False, "Air drawn for the last sample"),
    ]
    return [
        Register(
            Signal(f"{room}.{name}", kind, unit, low, high, False, f"Room {room}: {text}"),
            Table.INPUT,
            ROOM_STRIDE * index + offset,
            little,
            factor,
        )
        for offset, name, kind, unit, low, high, factor, little, text in rows
    ]


def _holding() -> list[Register]:
    rows = [
        Register(
            Signal("Watchdog", Kind.UINT16, "", 0, 65535, True, "Counter that must keep changing"),
            Table.HOLDING,
            0,
        )
    ]
    for index, room in enumerate(ROOMS):
        signal = Signal(
            f"{room}.FanCommand", Kind.UINT16, "%", 0, 100, True, f"Room {room}: supply fan speed wanted"
        )
        rows.append(Register(signal, Table.HOLDING, 1 + index, factor=0.1))
    for index, room in enumerate(ROOMS):
        signal = Signal(
            f"{room}.TemperatureSP", Kind.INT16, "degC", 15, 30, True, f"Room {room}: temperature wanted"
        )
        rows.append(Register(signal, Table.HOLDING, 5 + index, factor=0.01))
    signal = Signal("HumiditySP", Kind.UINT16, "%", 20, 70, True, "Relative humidity wanted in all rooms")
    return [*rows, Register(signal, Table.HOLDING, 9, factor=0.01)]


def _bits() -> list[Register]:
    doors = ("A-B", "B-C", "C-D", "D-outside")
    discretes = [
        *((f"Door.{room}.Open", f"Door {door} is open") for room, door in zip(ROOMS, doors, strict=True)),
        ("SafeState", "True while the fans are at their safe speed"),
        *((f"{room}.FlowFault", f"Room {room}: particle counter's flow is out of range") for room in ROOMS),
        *((f"{room}.FanRunning", f"Room {room}: supply fan is running") for room in ROOMS),
    ]
    return [
        Register(Signal(n, Kind.BOOL, description=t), Table.DISCRETE, i) for i, (n, t) in enumerate(discretes)
    ]


def environment_registers() -> list[Register]:
    """Return every register of the clean-room monitoring, in the order of the address list."""
    rooms = [row for index, room in enumerate(ROOMS) for row in _room(index, room)]
    return [*rooms, *_holding(), *_bits()]
