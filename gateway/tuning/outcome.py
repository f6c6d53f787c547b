"""What came of a relay test: the engine's row as a measured cycle, a model and every rule's settings."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from control import relay_layout as layout
from control.rings import Row
from gateway.stream.loop_events import MeasuredCycle, ProcessModel, ProposedSettings
from gateway.tuning import rules
from gateway.tuning.identification import model_of, ultimate_point
from gateway.tuning.model import Cycle, Lag, Model, Unidentified

ABORTS: Final = {
    layout.ABORT_DEVIATION: "the PV went farther from the set-point than max_deviation",
    layout.ABORT_TIMEOUT: "no cycles alike within the timeout",
    layout.ABORT_BAD_PV: "the PV became bad",
    layout.ABORT_MODE: "a mode was commanded",
    layout.ABORT_INTERLOCK: "an interlock forced the output",
    layout.ABORT_NOT_WRITTEN: "the output was no longer written, or not taken by what it leads to",
    layout.ABORT_STOPPED: "stopped by command",
    layout.ABORT_GAP: "executions were missed",
}
STATES: Final = {
    layout.RELAY_RUNNING: "started",
    layout.RELAY_FINISHED: "finished",
    layout.RELAY_ABORTED: "aborted",
}


def cycle_of(row: Row, speed: float) -> Cycle:
    """Return the cycle that a finished test has measured.

    Args:
        row: RELAY row.
        speed: seconds of the plant in a second of the wall clock.
    """
    scale = float(row["scale"])
    return Cycle(
        up=scale * float(row["up"]),
        down=scale * float(row["down"]),
        hysteresis=float(row["hysteresis"]),
        up_s=float(row["mean_up_s"]) * speed,
        down_s=float(row["mean_down_s"]) * speed,
        high=float(row["mean_high"]),
        low=float(row["mean_low"]),
        rest=float(row["start_pv"] - row["centre"]),
        pv_shift=float(row["mean_pv"]),
        output_shift=float(row["mean_output"]),
    )


def result_of(row: Row, speed: float) -> dict[str, Any]:
    """Return reason, cycle, model and proposals for the event of a test that ended."""
    if row["state"] == layout.RELAY_ABORTED:
        return {"reason": ABORTS[int(row["cause"])]}
    if row["state"] != layout.RELAY_FINISHED:
        return {}
    cycle = cycle_of(row, speed)
    try:
        point, model = ultimate_point(cycle), model_of(cycle)
    except Unidentified as error:
        return {"reason": str(error)}
    return {
        "cycle": MeasuredCycle(
            period_s=cycle.period_s,
            up_s=cycle.up_s,
            swing=cycle.high - cycle.low,
            ultimate_gain=point.gain,
        ),
        "model": _told(model),
        "proposals": {
            rule: ProposedSettings(**asdict(settings))
            for rule, settings in rules.by_rule(model, point).items()
        },
    }


def _told(model: Model) -> ProcessModel:
    if isinstance(model, Lag):
        return ProcessModel(kind="lag", gain=model.gain, lag_s=model.lag_s, delay_s=model.delay_s)
    return ProcessModel(kind="integrator", gain=model.slope, delay_s=model.delay_s)
