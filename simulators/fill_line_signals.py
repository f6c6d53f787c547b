"""The registers of a simulated vial filling line (PackML over Modbus)."""

from __future__ import annotations

from simulators.signals import Kind, Register, Signal, Table

NEEDLES = 8
"""Filling needles, each with a weight register of its own."""

REJECT_REASONS = ("Underfill", "Overfill", "Stopper", "Crimp", "Visual")

STATES = (
    "Clearing",
    "Stopped",
    "Starting",
    "Idle",
    "Suspended",
    "Execute",
    "Stopping",
    "Aborting",
    "Aborted",
    "Holding",
    "Held",
    "Unholding",
    "Suspending",
    "Unsuspending",
    "Resetting",
    "Completing",
    "Complete",
)
"""PackML states in the order of their numbers, from 1."""


def _input(
    address: int,
    name: str,
    kind: Kind,
    text: str,
    unit: str = "",
    high: float = 0,
    *,
    low: float = 0,
    little: bool = False,
    factor: float = 1.0,
) -> Register:
    return Register(Signal(name, kind, unit, low, high, False, text), Table.INPUT, address, little, factor)


def _status() -> list[Register]:
    return [
        _input(0, "Status.StateCurrent", Kind.UINT16, "PackML state, 1 to 17"),
        _input(1, "Status.UnitModeCurrent", Kind.UINT16, "1 production, 2 maintenance, 3 manual"),
        _input(2, "Status.StateRequested", Kind.UINT16, "State that a transition leads to"),
        _input(3, "Admin.StopReason", Kind.UINT16, "0 none; see the list of reasons"),
        _input(4, "Status.MachSpeed", Kind.FLOAT32, "Speed set-point in force", "vial/min", 400),
        _input(6, "Status.CurMachSpeed", Kind.FLOAT32, "Speed now", "vial/min", 400),
    ]


def _counters() -> list[Register]:
    names = [
        ("Admin.ProdConsumedCount", "Vials taken in"),
        ("Admin.ProdProcessedCount", "Vials that left the machine, good or not"),
        ("Admin.ProdDefectiveCount", "Vials rejected, all reasons"),
        ("Count.Good", "Good vials"),
        ("Count.Samples", "Vials taken as samples"),
        ("Count.Destroyed", "Vials destroyed after a long stop"),
        ("Count.InMachine", "Vials in the machine"),
        *((f"Reject.{reason}", f"Vials rejected: {reason.lower()}") for reason in REJECT_REASONS),
    ]
    return [_input(10 + 2 * i, name, Kind.UINT32, text) for i, (name, text) in enumerate(names)]


def _weights() -> list[Register]:
    single = [
        ("Weight.Last", "Last fill weight"),
        ("Weight.Mean", "Mean of the last 50"),
        ("Weight.Deviation", "Standard deviation of the last 50"),
    ]
    rows = [
        _input(40 + 2 * i, name, Kind.FLOAT32, text, "g", 20, little=True)
        for i, (name, text) in enumerate(single)
    ]
    for needle in range(NEEDLES):
        name, text = f"Weight.Needle{needle + 1}", f"Last fill weight of needle {needle + 1}"
        rows.append(_input(46 + 2 * needle, name, Kind.FLOAT32, text, "g", 20, little=True))
    rows.append(_input(62, "Weight.Count", Kind.UINT32, "Vials weighed", little=True))
    rows.append(
        _input(
            64, "Weight.TotalFilled", Kind.FLOAT64, "Product filled since the counters were reset", "g", 1e9
        )
    )
    rows.append(
        _input(68, "Product.Temperature", Kind.INT16, "Product temperature", "degC", 60, low=-20, factor=0.1)
    )
    rows.append(_input(69, "Supply.Pressure", Kind.UINT16, "Product supply pressure", "bar", 6, factor=0.001))
    return rows


def _times() -> list[Register]:
    rows = [
        _input(
            200, "Admin.AccTimeSinceReset", Kind.INT32, "Time since the counters were reset", "s", 2147483647
        ),
        _input(202, "Admin.StateCurrentTime", Kind.INT32, "Time in the present state", "s", 2147483647),
        _input(204, "Admin.ModeCurrentTime", Kind.INT32, "Time in the present mode", "s", 2147483647),
    ]
    for number, state in enumerate(STATES, start=1):
        name, text = f"Admin.StateCumulativeTime.{state}", f"Time in {state} since the counters were reset"
        rows.append(_input(204 + 2 * number, name, Kind.INT32, text, "s", 2147483647))
    rows.append(_input(240, "Admin.PLCDateTime", Kind.UINT64, "Device clock, Unix time", "ms", 1.8e19))
    return rows


def _holding() -> list[Register]:
    def row(
        address: int,
        name: str,
        kind: Kind,
        text: str,
        unit: str = "",
        low: float = 0,
        high: float = 0,
        *,
        little: bool = False,
    ) -> Register:
        return Register(Signal(name, kind, unit, low, high, True, text), Table.HOLDING, address, little)

    return [
        row(0, "Watchdog", Kind.UINT16, "Counter that must keep changing", high=65535),
        row(
            1,
            "Command.UnitMode",
            Kind.UINT16,
            "Mode wanted, taken with Command.UnitModeChangeRequest",
            low=1,
            high=3,
        ),
        row(2, "Command.CntrlCmd", Kind.UINT16, "Command, taken with Command.CmdChangeRequest", high=10),
        row(4, "Command.MachSpeed", Kind.FLOAT32, "Speed wanted", "vial/min", 0, 400),
        row(6, "Fill.Target", Kind.FLOAT32, "Target fill weight", "g", 0.5, 20, little=True),
        row(8, "Fill.Tolerance", Kind.FLOAT32, "Reject limit, of the target", "%", 0.5, 10),
        row(10, "Fill.Trim", Kind.FLOAT32, "Trim of all needles, of the target", "%", -5, 5, little=True),
    ]


def _bits() -> list[Register]:
    coils = [
        ("Command.CmdChangeRequest", "True takes Command.CntrlCmd; resets itself"),
        ("Command.UnitModeChangeRequest", "True takes Command.UnitMode; resets itself"),
        ("Command.ResetCounters", "True resets counters and times; resets itself"),
        ("Command.TakeSample", "True takes the next vial as a sample; resets itself"),
    ]
    discretes = [
        ("Status.EquipmentBlocked", "Downstream is full"),
        ("Status.EquipmentStarved", "No vials at the infeed"),
        ("SafeState", "True while the line is held stopped by its watchdog"),
        ("Status.GuardsClosed", "All guard doors are closed"),
        ("Status.StateChangeInProcess", "A transitional state is active"),
        ("Status.MaterialInterlock", "Product supply is in order"),
    ]
    return [
        *(
            Register(Signal(n, Kind.BOOL, writable=True, description=t), Table.COIL, i)
            for i, (n, t) in enumerate(coils)
        ),
        *(
            Register(Signal(n, Kind.BOOL, description=t), Table.DISCRETE, i)
            for i, (n, t) in enumerate(discretes)
        ),
    ]


def fill_line_registers() -> list[Register]:
    """Return every register of a fill line, in the order of the address list."""
    return [*_status(), *_counters(), *_weights(), *_times(), *_holding(), *_bits()]
