"""What a start holds back: writes stay off where a person, the configuration or the lease says so."""

from __future__ import annotations

from config.site import Site
from control.actuation_layout import (
    COMMANDED_OFF,
    COMMANDED_ON,
    NOTHING_COMMANDED,
)
from control.state import State
from gateway.devices.book import Restrictions


def hold_back(site: Site, state: State, restrictions: Restrictions) -> None:
    """Set who may write in tables that the engine is about to begin with, after any warm start.

    What was armed by a person stays armed over a warm start only where the configuration says so
    (`warm_start_armed`). What a person disarmed or disabled stays so over every start.
    """
    counters, devices = state.counters, state.outputs.devices
    if not site.gateway.warm_start_armed:
        counters["armed"] = 0
        devices["commanded"][devices["commanded"] == COMMANDED_ON] = NOTHING_COMMANDED
    if restrictions.gateway is not None:
        counters["armed"] = counters["arm_at_start"] = 0
    devices["commanded"][devices["commanded"] == COMMANDED_OFF] = NOTHING_COMMANDED
    for row, name in zip(devices, site.devices, strict=True):
        if name in restrictions.disarmed:
            row["commanded"] = COMMANDED_OFF
