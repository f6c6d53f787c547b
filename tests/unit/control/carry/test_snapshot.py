"""Snapshots: whole or refused, of a known age, gone on from only while they are young enough."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.carry.snapshot import DamagedSnapshot, Encoder, Snapshot, decode
from control.carry.start import Now, TooOld, age_ns, warm_start
from control.pacing import Moment
from tests.unit.control.carry.carrying import roster
from tests.unit.control.carry.test_transfer import busy
from tests.unit.control.plant import Plant

S = 1_000_000_000


def moment(plant: Plant) -> Moment:
    return Moment(plant.now_ns, plant.utc_ns, 1, 2, 3, 4, 5, 6)


def encoded(plant: Plant, boot: str = "b1") -> bytes:
    encoder = Encoder("g", "build", boot, roster(plant), plant.tables.arena)
    return encoder.encode(plant.tables.arena.block, moment(plant))


def test_a_snapshot_comes_back_as_it_was() -> None:
    plant = busy()
    found = decode(encoded(plant))
    assert (found.gateway, found.build, found.boot) == ("g", "build", "b1")
    assert found.moment == moment(plant)
    assert found.roster == roster(plant)
    arrays = plant.tables.arena.arrays()
    assert {path: a.tobytes() for path, a in found.held().arrays.items()} == {
        path: a.tobytes() for path, a in arrays.items()
    }
    assert found.held().arrays["alarms.row"].dtype == arrays["alarms.row"].dtype


DATA = encoded(busy())


@settings(max_examples=60)
@given(at=st.integers(0, len(DATA) - 1), flip=st.integers(1, 255))
def test_a_changed_byte_is_seen(at: int, flip: int) -> None:
    damaged = bytearray(DATA)
    damaged[at] ^= flip
    with pytest.raises(DamagedSnapshot):
        decode(bytes(damaged))


@settings(max_examples=30)
@given(length=st.integers(0, len(DATA) - 1))
def test_a_cut_file_is_seen(length: int) -> None:
    with pytest.raises(DamagedSnapshot):
        decode(DATA[:length])


def at(plant: Plant, mono_s: float, utc_s: float, boot: str) -> Now:
    return Now(plant.now_ns + int(mono_s * S), plant.utc_ns + int(utc_s * S), boot)


@pytest.mark.parametrize(
    ("mono_s", "utc_s", "boot", "age_s"),
    [
        (7, 7, "b1", 7),
        (7, 3600, "b1", 7),  # the clock was set: within one start of the machine that does not matter
        (-3000, 20, "b2", 20),  # rebooted
        (-3000, 20, "", 20),
    ],
)
def test_the_age_is_told_by_the_clock_that_went_on(
    mono_s: float, utc_s: float, boot: str, age_s: float
) -> None:
    plant = busy()
    assert age_ns(decode(encoded(plant)), at(plant, mono_s, utc_s, boot)) == age_s * S


def begin(plant: Plant, found: Snapshot, now: Now, max_age_s: float) -> Plant:
    after = Plant(plant.site)
    warm_start(found, after.tables, roster(after), now, max_age_s)
    return after


def test_too_old_and_from_the_future_are_refused_and_change_nothing() -> None:
    plant = busy()
    found, fresh = decode(encoded(plant)), Plant(plant.site)
    for now, why in ((at(plant, 61, 61, "b1"), "61.0 s old"), (at(plant, 1, -50, "b2"), "50 s newer")):
        tested = Plant(plant.site)
        with pytest.raises(TooOld, match=why):
            warm_start(found, tested.tables, roster(tested), now, 60.0)
        assert tested.tables.arena.block.tobytes() == fresh.tables.arena.block.tobytes()


def test_timers_run_on_over_a_reboot() -> None:
    plant = busy()
    now = at(plant, -4000, 20, "b2")
    after = begin(plant, decode(encoded(plant)), now, 60.0)
    ran_ns = plant.now_ns - int(plant.state.alarms.row["since_ns"][1])
    assert now.monotonic_ns - int(after.state.alarms.row["since_ns"][1]) == ran_ns + 20 * S


def test_a_snapshot_of_a_build_with_other_columns_gives_what_both_know() -> None:
    plant = busy()
    found = decode(encoded(plant))
    places = tuple(place for place in found.places if place.path != "loops.integral")
    older = Snapshot(found.gateway, "old", "b1", found.moment, found.roster, places, found.block)
    after = begin(plant, older, at(plant, 1, 1, "b1"), 60.0)
    assert after.state.loops.target[0] == 55.0
    assert after.state.loops.integral[0] == Plant(plant.site).state.loops.integral[0]
    assert np.isfinite(after.state.loops.integral).all()
