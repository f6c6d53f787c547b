"""The simulated vial filling line: PackML machine, vials, stops, and somebody at the line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

from simulators.dynamics import ramp
from simulators.fill_line_signals import NEEDLES, fill_line_registers
from simulators.fill_line_status import fill_line_status
from simulators.model import DisturbanceError, ProcessModel, Settings
from simulators.packml import Command, PackMl, State, UnitMode
from simulators.signals import Value
from simulators.stops import HOLD_REASONS, StopReason, Trouble
from simulators.vials import Filler, FillLineParameters

RAMP_PER_S = 20.0
"""Change of speed, vials per minute and second."""

DURATIONS_S = {
    State.CLEARING: 5.0,
    State.STARTING: 5.0,
    State.STOPPING: 4.0,
    State.ABORTING: 1.0,
    State.HOLDING: 3.0,
    State.UNHOLDING: 3.0,
    State.SUSPENDING: 3.0,
    State.UNSUSPENDING: 3.0,
    State.RESETTING: 5.0,
    State.COMPLETING: 2.0,
}
"""How long transitional states take, plant seconds."""

OPERATOR_S = 5.0
"""How long the person at the line takes to press the next button, plant seconds."""

RECALIBRATE_PERCENT = 0.5
"""Drift of the fill weight that the person at the line takes away while the line stands."""

_RUNNING = frozenset({State.EXECUTE, State.COMPLETING})
_AT_WORK = frozenset(
    {State.STARTING, State.EXECUTE, State.SUSPENDING, State.SUSPENDED, State.UNSUSPENDING, State.UNHOLDING}
)
_HALTED_BY_REMOTE = frozenset({Command.STOP, Command.HOLD, Command.SUSPEND, Command.ABORT, Command.COMPLETE})


class FillLine(ProcessModel):
    """A filling line with the registers of `fill_line_signals`."""

    safe_commands: Mapping[str, Value] = {
        "Command.CntrlCmd": 0,
        "Command.CmdChangeRequest": False,
        "Command.UnitModeChangeRequest": False,
        "Command.TakeSample": False,
    }
    clock_signal: ClassVar[str | None] = "Admin.PLCDateTime"
    disturbances: ClassVar[Mapping[str, str]] = {
        "line_stop": "reason: 101 to 105 (the line holds); seconds: plant time until repaired",
        "clog": "needle: 1 to 8; active: true or false; the needle fills 40 % too little",
        "starve": "seconds: plant time without vials at the infeed",
        "block": "seconds: plant time with the downstream full",
        "guard_open": "active: true or false; a guard door is open, the line aborts",
    }

    def __init__(self, parameters: FillLineParameters, seed: int = 1) -> None:
        super().__init__((register.signal for register in fill_line_registers()), seed)
        self.parameters = parameters
        self.machine = PackMl(DURATIONS_S)
        self.filler = Filler(parameters, self.chance)
        self.trouble = Trouble(parameters, self.chance)
        self.speed = 0.0
        self.idle_s = 0.0
        self.clock_s = 0.0
        self.since_reset_s = 0.0
        self.resume = parameters.local_operator
        """The operator at the line means it to run."""
        self.stop_reason = StopReason.NONE
        self._progress = 0.0
        self.values.update(
            {
                "Command.UnitMode": int(UnitMode.PRODUCTION),
                "Command.MachSpeed": parameters.speed,
                "Fill.Target": parameters.target_g,
                "Fill.Tolerance": parameters.tolerance_percent,
            }
        )
        self._show()

    def step(self, seconds: float) -> None:
        """Move the line on by `seconds` of plant time."""
        self._obey()
        self.trouble.step(seconds, running=self.machine.state is State.EXECUTE)
        self._react()
        self._operate()
        draining = self.machine.state is State.COMPLETING and self.filler.inside > 0
        before = self.machine.state
        self.machine.step(seconds, hold_completion=draining)
        if self.machine.state is not before:
            self._entered()
        self._move(seconds)
        self.clock_s += seconds
        self.since_reset_s += seconds
        self._show()

    def set_safe(self, active: bool) -> None:
        """Stop the line when the watchdog stops."""
        if active and not self.safe:
            self.resume = self.parameters.local_operator and (
                self.resume or self.machine.state is State.EXECUTE
            )
            if self.machine.command(Command.STOP):
                self.stop_reason = StopReason.WATCHDOG
        super().set_safe(active)

    def apply_disturbance(self, kind: str, settings: Settings) -> None:
        """Act on a disturbance (see `disturbances`)."""
        if kind == "clog":
            needle = int(settings["needle"]) - 1
            if not 0 <= needle < NEEDLES:
                raise DisturbanceError(f"needle must be 1 to {NEEDLES}")
            (self.filler.clogged.add if settings["active"] else self.filler.clogged.discard)(needle)
        elif kind == "guard_open":
            self.trouble.guard_open = bool(settings["active"])
        elif kind == "line_stop":
            self.trouble.stop(_hold_reason(settings["reason"]), float(settings["seconds"]))
        elif kind == "starve":
            self.trouble.starved_s = float(settings["seconds"])
        else:
            self.trouble.blocked_s = float(settings["seconds"])

    def _obey(self) -> None:
        """Take the commands whose request bits are set, and reset the bits."""
        values = self.values
        if values["Command.CmdChangeRequest"]:
            values["Command.CmdChangeRequest"] = False
            self._remote(int(values["Command.CntrlCmd"]))
        if values["Command.UnitModeChangeRequest"]:
            values["Command.UnitModeChangeRequest"] = False
            self.machine.change_mode(UnitMode(int(values["Command.UnitMode"])))
        if values["Command.ResetCounters"]:
            values["Command.ResetCounters"] = False
            self.filler.reset_counters()
            self.machine.reset_times()
            self.since_reset_s = 0.0
        if values["Command.TakeSample"]:
            values["Command.TakeSample"] = False
            self.filler.sample_wanted = True

    def _remote(self, number: int) -> None:
        if self.safe or not Command.RESET <= number <= Command.COMPLETE:
            return
        command = Command(number)
        if self.machine.command(command) and command in _HALTED_BY_REMOTE:
            self.resume = False
            if command is not Command.COMPLETE:
                self.stop_reason = StopReason.OPERATOR

    def _react(self) -> None:
        """Let trouble act on the machine."""
        machine, trouble = self.machine, self.trouble
        if trouble.guard_open and machine.command(Command.ABORT):
            self._halt(StopReason.GUARD_OPEN)
        elif trouble.hold_reason is not StopReason.NONE and machine.command(Command.HOLD):
            self._halt(trouble.hold_reason)
        elif trouble.external is not StopReason.NONE:
            if machine.command(Command.SUSPEND):
                self.stop_reason = trouble.external
        elif self.stop_reason in (StopReason.STARVED, StopReason.BLOCKED):
            machine.command(Command.UNSUSPEND)

    def _halt(self, reason: StopReason) -> None:
        self.stop_reason = reason
        self.resume = self.parameters.local_operator

    def _operate(self) -> None:
        """What the person at the line does: bring it back to Execute once the trouble is over."""
        trouble = self.trouble
        if not self.resume or self.safe or self.machine.seconds_in_state < OPERATOR_S:
            return
        if trouble.guard_open or trouble.hold_reason is not StopReason.NONE:
            return
        command = {
            State.ABORTED: Command.CLEAR,
            State.STOPPED: Command.RESET,
            State.IDLE: Command.START,
            State.HELD: Command.UNHOLD,
        }.get(self.machine.state)
        if command is not None:
            self.machine.command(command)

    def _entered(self) -> None:
        state = self.machine.state
        if state is State.EXECUTE:
            self.stop_reason = StopReason.NONE
            self.resume = False
            if self.idle_s > self.parameters.destroy_after_s:
                self.filler.destroy()
            if self.parameters.local_operator and abs(self.filler.drift_percent) > RECALIBRATE_PERCENT:
                self.filler.drift_percent = 0.0
        elif state is State.STOPPED and self.stop_reason is StopReason.GUARD_OPEN:
            self.filler.destroy()

    def _move(self, seconds: float) -> None:
        """Turn the machine: vials come in, are filled and leave."""
        running = self.machine.state in _RUNNING
        self.speed = ramp(
            self.speed, float(self.values["Command.MachSpeed"]) if running else 0.0, RAMP_PER_S * seconds
        )
        self.idle_s = 0.0 if running else self.idle_s + seconds
        if not running or self.machine.mode is not UnitMode.PRODUCTION:
            return
        self.filler.drift_percent += self.parameters.drift_percent_per_h * seconds / 3600.0
        self._progress += self.speed / 60.0 * seconds
        whole = math.floor(self._progress)
        self._progress -= whole
        for _ in range(whole):
            if self.machine.state is State.EXECUTE:
                self.filler.take_in(
                    *(float(self.values[f"Fill.{x}"]) for x in ("Target", "Tolerance", "Trim"))
                )
            else:
                self.filler.let_out()

    def _show(self) -> None:
        self.values.update(fill_line_status(self.machine, self.filler, self.trouble))
        self.values.update(
            {
                "Admin.StopReason": int(self.stop_reason),
                "Status.MachSpeed": self.values["Command.MachSpeed"],
                "Status.CurMachSpeed": self.speed,
                "Admin.AccTimeSinceReset": int(self.since_reset_s),
                "Product.Temperature": 20.0
                + 0.5 * math.sin(self.clock_s / 1800.0)
                + self.chance.gauss(0.0, 0.05),
                "Supply.Pressure": 1.2 + self.chance.gauss(0.0, 0.005),
            }
        )


def _hold_reason(given: float | str | bool) -> StopReason:
    number = int(given)
    if number not in HOLD_REASONS:
        raise DisturbanceError(f"reason must be one of {', '.join(str(int(r)) for r in HOLD_REASONS)}")
    return StopReason(number)
