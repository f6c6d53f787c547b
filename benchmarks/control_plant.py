"""Large plants for the benchmarks of the engine: a small site, as many times as wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from config.site import Site
from control.carry.arena import consolidate
from control.image import Image
from control.layout import GAIN_POINT
from control.rings import Rows
from control.shaping_state import Shaping
from control.signal import GOOD
from control.stages.reports import deadlines
from control.state import Alarms, Loops, Outputs, Performance, State, Tags
from control.tables import Capacities, build

BASE = 50
ALARMS_A_LOOP = 4
PERIOD_NS = 100_000_000
IMAGES = 16

_LIMITS = (("high_high", 97.0), ("high", 92.0), ("low", 8.0), ("low_low", 3.0))


def _site() -> Site:
    """Return a site of BASE loops that use everything the law has, with four alarms each."""
    tags: dict[str, Any] = {}
    loops: dict[str, Any] = {}
    alarms: dict[str, Any] = {}
    for n in range(BASE):
        tags[f"pv{n}"] = {"device": "d", "address": {"address": n}}
        address = {"address": BASE + n}
        tags[f"out{n}"] = {"device": "d", "address": address, "access": "write", "low": 0, "high": 100}
        loops[f"l{n}"] = {
            "pv": f"u/pv{n}", "output": f"u/out{n}", "kp": 0.5 + 0.1 * n, "ti": f"{10 + n} s",
            "td": f"{1 + n % 3} s", "tt": f"{5 + n % 7} s", "b": 0.1 * (n % 11), "c": 0.1 * (n % 10),
            "bias": float(n), "sp": 50, "sp_rate": 2, "out_rate": 15, "out_high": 90,
        }  # fmt: skip
        for kind, limit in _LIMITS:
            alarms[f"l{n}-{kind}"] = {
                "tag": f"u/pv{n}", "type": kind, "limit": limit, "deadband": n % 3,
                "on_delay": f"{n % 4 * 100} ms", "off_delay": f"{n % 5 * 100} ms", "latching": n % 2 == 0,
            }  # fmt: skip
    return Site.model_validate(
        {
            "site": {"name": "s"},
            "gateway": {"name": "g", "outputs_armed": True, "scan_period": "100 ms"},
            "devices": {"d": {"driver": "modbus", "host": "127.0.0.1", "writes_armed": True}},
            "units": {"u": {"area": "a", "cell": "c", "tags": tags, "loops": loops, "alarms": alarms}},
        }
    )


def plant(loops: int) -> State:
    """Return the state of a plant with so many loops, all of them in auto and written."""
    capacities = Capacities(4 * loops, 64, 4 * loops, 16 * loops, 65_536, 4096)
    small = build(_site(), capacities).state
    copies = loops // BASE
    tags, slots = len(small.image.value), len(small.outputs.slots)
    many = State(
        rings=small.rings,
        image=Image.allocate(tags * copies),
        tags=_tags(small.tags, copies),
        loops=_loops(small.loops, copies, tags, slots),
        shaping=_shaping(small.shaping, copies, tags),
        groups=small.groups,
        structures=small.structures,
        performance=_performance(small.performance, copies),
        relays=small.relays,
        alarms=_alarms(small.alarms, copies, tags),
        program=small.program,
        memory=small.memory,
        logic=small.logic,
        profiles=small.profiles,
        outputs=_outputs(small.outputs, copies, tags),
        overrides=small.overrides._replace(place=np.tile(small.overrides.place, copies)),
        maps=small.maps,
        counters=small.counters,
    )
    many.groups["last"] = loops
    many.loops.special[:] = 0
    many.loops.row["live"] = many.outputs.slots["live"] = 1
    many.image.value[:], many.image.quality[:] = 50.0, GOOD
    many.loops.target[:] = np.random.default_rng(3).uniform(30.0, 70.0, loops)
    return consolidate(many)[0]


def images(state: State) -> npt.NDArray[np.float64]:
    """Return values of every tag for some scans: noise, and now and then something for an alarm."""
    random = np.random.default_rng(5)
    values = random.normal(50.0, 6.0, (IMAGES, len(state.image.value)))
    odd = random.random(values.shape) < 0.002
    values[odd] = random.uniform(0.0, 100.0, int(odd.sum()))
    return values


def _shifted(indices: npt.NDArray[Any], copies: int, step: int) -> npt.NDArray[Any]:
    shift = np.repeat(np.arange(copies), len(indices)) * step
    return (np.tile(indices, copies) + shift).astype(indices.dtype)


def _loops(loops: Loops, copies: int, tags: int, slots: int) -> Loops:
    many = Loops(*(np.tile(column, copies) for column in loops))
    many.pv[:] = _shifted(loops.pv, copies, tags)
    many.shown[:] = _shifted(loops.shown, copies, tags)
    _shift_fields(loops.row, many.row, copies, {"output_tag": tags, "slot": slots, "id": BASE})
    return many


def _shaping(shaping: Shaping, copies: int, tags: int) -> Shaping:
    many = Shaping(*(np.tile(column, copies) for column in shaping))
    many.disturbance[:] = _shifted(shaping.disturbance, copies, tags)
    many.over[:] = _shifted(shaping.over, copies, tags)
    return many


def every_feature(state: State) -> State:
    """Return a plant in which every loop has all that may stand before its law, and a schedule."""
    shaping = state.shaping
    shaping.sp_hold[:], shaping.filter_s[:], shaping.gap[:], shaping.gap_gain[:] = 10.0, 0.5, 0.5, 0.2
    shaping.gain[:], shaping.lead[:], shaping.lag_s[:] = 0.1, 0.6, 5.0
    shaping.disturbance[:] = state.loops.pv[::-1]
    shaping.over[:], shaping.over_step[:], state.loops.row["last_point"] = state.loops.pv, 0.02, 3
    points = np.array([(40.0, 1.5, 1.2, 0.8), (50.0, 1.0, 1.0, 1.0), (60.0, 0.7, 0.9, 1.1)], GAIN_POINT)
    state.loops.row["kp"], state.loops.row["td"] = state.loops.kp, state.loops.td
    return state._replace(shaping=shaping._replace(points=points))


def _performance(performance: Performance, copies: int) -> Performance:
    columns: list[Any] = [np.tile(column, copies) for column in performance]
    return Performance(*columns)


def _shift_fields(few: Rows, many: Rows, copies: int, steps: dict[str, int]) -> None:
    for name, step in steps.items():
        many[name] = _shifted(few[name], copies, step)


def _alarms(alarms: Alarms, copies: int, tags: int) -> Alarms:
    hot = Alarms._fields[: Alarms._fields.index("derived")]
    many = alarms._replace(**{name: np.tile(getattr(alarms, name), copies) for name in hot})
    many.tag[:] = _shifted(alarms.tag, copies, tags)
    return many


def _outputs(outputs: Outputs, copies: int, tags: int) -> Outputs:
    slots = np.tile(outputs.slots, copies)
    _shift_fields(outputs.slots, slots, copies, {"tag": tags, "loop": BASE})
    slot_of_tag = _shifted(outputs.slot_of_tag, copies, len(outputs.slots))
    return Outputs(slots, slot_of_tag, outputs.watchdogs, outputs.devices)


def _tags(tags: Tags, copies: int) -> Tags:
    deadline_ns, block_deadline_ns = deadlines(len(tags.definition) * copies)
    return tags._replace(
        definition=np.tile(tags.definition, copies),
        reported=np.tile(tags.reported, copies),
        deadline_ns=deadline_ns,
        block_deadline_ns=block_deadline_ns,
    )
