"""Relay tests of the site as rows of the engine."""

from __future__ import annotations

import numpy as np

from config.site import Site
from control.relay_layout import RELAY
from control.rings import Rows
from control.state import Loops
from control.tag_tables import TablesError


def build_relays(site: Site, loops: Loops) -> Rows:
    """Return a row for each loop that may be tested.

    Raises:
        TablesError: a step or a bound is not positive.
    """
    names = list(site.loops)
    tested = [
        i for i in range(len(loops.pv)) if site.loops[names[int(loops.row[i]["id"])]].autotune is not None
    ]
    relays = np.zeros(len(tested), RELAY)
    for row, i in zip(relays, tested, strict=True):
        position = int(loops.row[i]["id"])
        loop = site.loops[names[position]]
        test = loop.autotune
        assert test is not None
        pv, output = site.tags[loop.pv], site.tags[loop.output]
        row["loop"], row["id"] = i, position
        row["up"] = test.amplitude.span_to(output.unit)
        row["down"] = row["up"] / test.asymmetry
        row["hysteresis"] = test.hysteresis.span_to(pv.unit)
        row["max_deviation"] = test.max_deviation.span_to(pv.unit)
        row["timeout_s"] = test.timeout * loops.row[i]["time_factor"]
        row["cycles"] = test.cycles
        if not (row["up"] > 0.0 and row["hysteresis"] >= 0.0 and row["max_deviation"] > row["hysteresis"]):
            raise TablesError(
                f"loop {names[position]}: its relay test needs a positive amplitude, and a max_deviation "
                "above the hysteresis"
            )
    return relays
