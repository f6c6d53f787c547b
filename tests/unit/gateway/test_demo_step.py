"""The demo's step: what is its response, and what came later."""

from __future__ import annotations

import numpy as np

from config.load import load
from gateway.chart import Series
from gateway.demo.plant import DEMO_SITE
from gateway.demo.step import LOOP, Step, measure_step

_AT_NS = 1_700_000_000_000_000_000
_LAG_S = 400.0


def test_a_later_disturbance_does_not_count_as_the_steps_settling() -> None:
    """A first-order response settles to 5 % in T ln 20; what moves the PV after that is no part of it."""
    site = load(DEMO_SITE).site
    speed = site.speed_of(site.tags[site.loops[LOOP].pv].device)
    time_s = np.arange(-100.0, 3000.0, 5.0)
    value = np.where(time_s < 0.0, 37.0, 36.0 + np.exp(-np.maximum(time_s, 0.0) / _LAG_S))
    value[(time_s > 2500.0) & (time_s < 2700.0)] += 0.2
    source_ns = _AT_NS + (time_s / speed * 1e9).astype(np.int64)
    series = Series(site.loops[LOOP].pv, "degC", source_ns, value, np.zeros(len(value), dtype=np.uint32))
    step = Step(_AT_NS, 37.0, 36.0)
    settling_s = _LAG_S * np.log(20.0)
    assert abs(measure_step(site, series, step, 2000.0).settling_s - settling_s) < 20.0
    assert measure_step(site, series, step, 3000.0).settling_s > 2500.0
