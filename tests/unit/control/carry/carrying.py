"""Plants that go on in other tables: after a restart, or under a changed configuration."""

from __future__ import annotations

from config.site import Site
from control.carry.held import Held
from control.carry.roster import Roster, call_roll
from control.carry.transfer import Carried, Transfer, carry_over
from control.rings import Ring
from tests.unit.control.plant import Plant


def roster(plant: Plant) -> Roster:
    return call_roll(plant.site, plant.state, plant.tables.expressions)


def held(plant: Plant) -> Held:
    return Held(roster(plant), plant.tables.arena.arrays())


def go_on(
    plant: Plant, site: Site, transfer: Transfer, *, offset_ns: int = 0, away_ns: int = 0
) -> tuple[Plant, Carried]:
    """Return a plant of a site that goes on from another one, and what was carried."""
    after = Plant(site)
    after._ticket = plant._ticket
    after.now_ns, after.utc_ns = plant.now_ns + offset_ns + away_ns, plant.utc_ns + away_ns
    carried = carry_over(
        held(plant), held(after), after.state, transfer, offset_ns=offset_ns, now_ns=after.now_ns
    )
    return after, carried


def rings(plant: Plant) -> list[Ring]:
    return [plant.reports, plant.outputs, plant.transitions]
