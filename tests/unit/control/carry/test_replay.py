"""Replay equals live: the same outputs, alarms, reports and state, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.assembly import restore
from control import signal as s
from control.alarm_states import ACTIVE
from control.carry.transfer import Transfer
from control.kernels.ring import HEAD
from control.pacing import Moment, record
from control.replay import Replayer, Tape
from control.rings import Ring, Rows
from tests.unit.control.carry.carrying import go_on
from tests.unit.control.plant import Plant
from tests.unit.control.story import plant as story_plant


class Live:
    """A plant that runs as an engine does, with everything that passes its doors on tape."""

    def __init__(self) -> None:
        self.plant = story_plant()
        self.tapes: dict[str, list[tuple[int, Rows]]] = {}
        rings = self.plant.state.rings
        self.statistics = Ring(rings.statistics)
        for name in ("inbox", "commands", "outputs", "reports", "transitions"):
            ring: Ring = getattr(self.plant, name)
            ring.tape = self._taker(name)
        self.statistics.tape = self._taker("statistics")

    def _taker(self, name: str) -> Any:
        taken = self.tapes.setdefault(name, [])
        return lambda first, rows: taken.append((first, rows.copy()))

    def tape(self, name: str, dtype: np.dtype[Any]) -> Tape:
        taken = self.tapes[name]
        if not taken:
            return Tape(0, np.empty(0, dtype))
        return Tape(taken[0][0], np.concatenate([rows for _, rows in taken]))

    def moment(self) -> Moment:
        plant = self.plant
        return Moment(
            plant.now_ns,
            plant.utc_ns,
            plant.inbox.popped,
            plant.commands.popped,
            plant.outputs.pushed,
            plant.reports.pushed,
            plant.transitions.pushed,
            self.statistics.pushed,
        )

    def live(self, random: np.random.Generator, scans: int) -> None:
        plant = self.plant
        for _ in range(scans):
            for n in range(12):
                if random.random() < 0.6:
                    quality = s.BAD | s.SENSOR if random.random() < 0.05 else s.GOOD
                    plant.sample(f"pv{n}", float(random.normal(48, 6)), quality)
            if random.random() < 0.3:
                kind = int(random.choice([s.SET_POINT, s.SET_MODE, s.SET_TUNING, s.ACKNOWLEDGE, s.ARM]))
                index = int(random.integers(12))
                occurrence = int(plant.state.alarms.row[index]["occurrence"])
                plant.command(kind, index, float(random.integers(60)), occurrence, 1 + index % 8)
            plant.scan(step_ns=int(random.integers(50_000_000, 190_000_000)))
            deadline_ns = plant.now_ns - int(random.integers(5_000_000))
            ended_ns = plant.now_ns + int(random.integers(250_000_000))
            record(plant.state, deadline_ns, plant.now_ns, plant.utc_ns, ended_ns, 100_000_000)
            for ring in (plant.reports, plant.outputs, plant.transitions, self.statistics):
                ring.pop(100_000)


@pytest.mark.timeout(600)  # compiles the replay
@settings(max_examples=12)
@given(seed=st.integers(0, 2**32), before=st.integers(0, 30), after=st.integers(1, 40))
def test_a_replay_is_what_was_live(seed: int, before: int, after: int) -> None:
    random, live = np.random.default_rng(seed), Live()
    live.live(random, before)
    moment = live.moment()
    block = live.plant.tables.arena.block.copy()
    live.live(random, after)

    fresh = Plant(live.plant.site)
    fresh.tables.arena.block[:] = block
    replayer = Replayer(fresh.state, moment)
    statistics = live.tape("statistics", s.STATISTICS).between(moment.statistics, 10**9)
    found = replayer.run(live.tape("inbox", s.SAMPLE), live.tape("commands", s.COMMAND), statistics)
    assert found.scans == after
    for name, dtype, index in (
        ("outputs", s.OUTPUT, moment.outputs),
        ("reports", s.SAMPLE, moment.reports),
        ("transitions", s.TRANSITION, moment.transitions),
    ):
        assert found.rows(name).tobytes() == live.tape(name, dtype).between(index, 10**9).tobytes(), name
    assert fresh.tables.arena.block.tobytes() == live.plant.tables.arena.block.tobytes()


def test_a_replay_under_other_alarm_limits_raises_others() -> None:
    random, live = np.random.default_rng(3), Live()
    live.live(random, 5)
    moment, held = live.moment(), live.plant
    dump = held.site.model_dump(mode="json")
    for alarm in dump["units"]["u"]["alarms"].values():
        alarm["limit"] = 1e6 if alarm["type"] == "high" else alarm["limit"]
    changed, _ = go_on(held, restore(orjson.dumps(dump), "changed"), Transfer.CHANGE)
    live.live(random, 60)
    replayer = Replayer(changed.state, moment)
    statistics = live.tape("statistics", s.STATISTICS).between(moment.statistics, 10**9)
    found = replayer.run(live.tape("inbox", s.SAMPLE), live.tape("commands", s.COMMAND), statistics)
    assert changed.state.rings.inbox.counters[HEAD] == live.plant.inbox.popped

    def raised(rows: Rows, kind: str) -> int:
        names = [n for n, a in held.site.alarms.items() if a.type == kind]
        which = [list(held.site.alarms).index(name) for name in names]
        came = (rows["after"] & ACTIVE != 0) & (rows["before"] & ACTIVE == 0)
        return int(((rows["kind"] == s.KIND_ALARM) & np.isin(rows["index"], which) & came).sum())

    was = live.tape("transitions", s.TRANSITION).between(moment.transitions, 10**9)
    assert raised(was, "high") > 0
    assert raised(found.rows("transitions"), "high") == 0
    assert raised(found.rows("transitions"), "low") == raised(was, "low") > 0
