"""Whose page it is: a page acts for the user it was made for, and for nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.access import AccessControl, Role, User
from config.hmi import Hmi
from config.site import Gateway, Site, SiteIdentity
from config.streams import Client, Historian, Streams
from config.units import Unit
from gateway.batch.context import Context
from gateway.gxp.audit import read_entries
from gateway.gxp.identity import generate_key
from gateway.hmi import entry
from gateway.hmi.access_record import AccessRecord, path_of
from gateway.hmi.accounts import accounts_of
from gateway.hmi.desk import Desk, NotAllowed, Presence, Viewer
from gateway.hmi.groups import groups_of
from gateway.hmi.live import Live
from gateway.hmi.looks import looks_of
from gateway.hmi.sessions import Sessions
from gateway.hmi.stored import Stored
from gateway.hmi.trend_export import Part, described


class World:
    """A desk without a plant, with two users who have logins."""

    def __init__(self, data: Path, **hmi: Any) -> None:
        _, public = generate_key()
        users = {
            "ann": User(role=Role.OPERATOR, public_key=public),
            "cli": User(role=Role.CLIENT, public_key=public, units=["br1"]),
        }
        site = Site(
            site=SiteIdentity(name="s"),
            gateway=Gateway(name="gw1"),
            units={name: Unit(area="a", cell="c") for name in ("br1", "br2")},
            access=AccessControl(users=users),
            hmi=Hmi(**hmi),
            streams=Streams(historians=[Historian(name="historian")]),
        )
        self.data, self.accounts = data, accounts_of(data)
        self.passwords = {name: self.accounts.add(name, generate_key()[0]) for name in users}
        stored = Stored(site.streams, data)
        self.desk = Desk(
            site=site,
            live=Live(site, stored),
            stored=stored,
            accounts=self.accounts,
            sessions=Sessions(data / "sessions.json", 900, 9000),
            record=AccessRecord(data, site),
            groups=groups_of(data),
            looks=looks_of(data),
        )

    async def log_in(self, name: str, browser: str = "browser", password: str = "") -> str:
        return await entry.log_in(self.desk, browser, "here", name, password or self.passwords[name])

    def record(self) -> list[tuple[str, str, str]]:
        return [(e["who"], e["action"], e["outcome"]) for e in read_entries(path_of(self.data))]


async def test_nobody_looks_without_a_login_unless_the_site_says_so(tmp_path: Path) -> None:
    assert World(tmp_path / "a").desk.viewer("browser") is None
    open_to_all = World(tmp_path / "b", view_without_login=True).desk
    viewer = open_to_all.viewer("browser")
    assert viewer is not None
    assert viewer.name is None
    with pytest.raises(NotAllowed):
        await open_to_all.command(viewer, "set_point", "br1/temp", value=1.0)
    assert open_to_all.why_not(viewer, "set_point", "br1") == "log in to act"


async def test_a_locked_page_stays_its_users_but_does_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert await world.log_in("ann") == ""
    viewer = world.desk.viewer("browser")
    assert viewer is not None
    assert world.desk.presence(viewer) is Presence.HERE
    await entry.lock(world.desk, viewer, "here")
    assert world.desk.presence(viewer) is Presence.LOCKED
    assert world.desk.viewer("browser") is None
    with pytest.raises(NotAllowed):
        await world.desk.command(viewer, "set_point", "br1/temp", value=1.0)
    assert "wrong" in await world.log_in("ann", password="a guess")
    assert world.desk.presence(viewer) is Presence.LOCKED
    assert await world.log_in("ann") == ""
    assert world.desk.presence(viewer) is Presence.HERE
    assert [(action, outcome) for _, action, outcome in world.record()] == [
        ("log_in", "done"),
        ("lock", "done"),
        ("unlock", "refused: wrong user or password"),
        ("unlock", "done"),
    ]


async def test_a_page_of_one_user_never_acts_for_the_next(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.log_in("ann")
    anns = world.desk.viewer("browser")
    await world.log_in("cli")
    assert anns is not None
    assert world.desk.presence(anns) is Presence.GONE
    with pytest.raises(NotAllowed):
        await world.desk.command(anns, "set_point", "br1/temp", value=1.0)


async def test_a_client_sees_its_own_units_and_commands_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.log_in("cli")
    client = world.desk.viewer("browser")
    assert client is not None
    assert world.desk.units(client) == ["br1"]
    with pytest.raises(NotAllowed, match="client"):
        await world.desk.command(client, "acknowledge", "br1/temp.high", occurrence=1)


async def test_sessions_end_with_the_login_they_began_with(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.log_in("ann", "one")
    await world.log_in("ann", "two")
    one, two = world.desk.viewer("one"), world.desk.viewer("two")
    assert one is not None
    assert two is not None
    wrong = await entry.change_password(world.desk, one, "here", world.passwords["ann"], "short")
    assert "12 characters" in wrong
    assert world.desk.presence(two) is Presence.HERE
    done = await entry.change_password(
        world.desk, one, "here", world.passwords["ann"], "correct horse stapled"
    )
    assert done == ""
    assert (world.desk.presence(one), world.desk.presence(two)) == (Presence.HERE, Presence.GONE)
    world.accounts.disable("ann")
    assert world.desk.presence(one) is Presence.GONE


async def test_whoever_guesses_waits_and_fills_no_disk(tmp_path: Path) -> None:
    world = World(tmp_path)
    for _ in range(8):
        answer = await world.log_in("ann", password="a guess")
    assert "wait" in answer
    assert "wait" in await world.log_in("ann")
    assert len(world.record()) == 5
    assert world.desk.record.counts["log_in", "throttled"] == 4
    assert await entry.log_in(world.desk, "other", "elsewhere", "ann", world.passwords["ann"]) == ""


async def test_who_is_not_in_the_configuration_does_not_come_in(tmp_path: Path) -> None:
    world = World(tmp_path)
    password = world.accounts.add("gone", generate_key()[0])
    assert "configuration" in await world.log_in("gone", password=password)
    assert world.desk.viewer("browser") is None


async def test_a_client_sees_units_while_they_are_in_its_campaigns_and_no_past(tmp_path: Path) -> None:
    world = World(tmp_path)
    streams = world.desk.site.streams.model_copy(update={"clients": {"k1": Client(campaigns=["C-1", "C-2"])}})
    users = world.desk.site.access.users
    users["cli"] = users["cli"].model_copy(update={"client": "k1"})
    object.__setattr__(world.desk.site, "streams", streams)
    contexts: dict[str, Context] = {}
    world.desk.live.subscriber.context = lambda unit: contexts.get(unit, Context())  # type: ignore[method-assign]
    await world.log_in("cli")

    def viewer() -> Viewer:
        found = world.desk.viewer("browser")
        assert found is not None
        return found

    before = viewer()
    assert (world.desk.units(before), before.history) == ([], False)
    contexts["br1"] = contexts["br2"] = Context(campaign="C-2")
    assert world.desk.presence(before) is Presence.ELSEWHERE
    within = viewer()
    assert world.desk.units(within) == ["br1"]
    assert world.desk.presence(within) is Presence.HERE
    contexts["br1"] = Context(campaign="C-3")
    assert world.desk.presence(within) is Presence.ELSEWHERE
    assert world.desk.units(viewer()) == []


async def test_others_see_every_unit_and_the_past(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.log_in("ann")
    viewer = world.desk.viewer("browser")
    assert viewer is not None
    assert world.desk.units(viewer) == ["br1", "br2"]
    assert viewer.history


async def test_what_is_taken_away_is_on_record(tmp_path: Path) -> None:
    world = World(tmp_path)
    part = Part(("br1/t", "br1/p"), 0, 60_000_000_000)
    world.desk.record.exported("ann", "csv", described([part]), address="10.0.0.7")
    world.desk.record.exported(None, "png", described([part]), address="10.0.0.8")
    told = [
        (e["who"], e["role"], e["action"], e["target"], e["new"], e["detail"])
        for e in read_entries(path_of(tmp_path))
    ]
    what = "br1/t, br1/p from 1970-01-01T00:00:00.000000000Z to 1970-01-01T00:01:00.000000000Z"
    assert told == [
        ("ann", "operator", "export", "trend.csv", what, "10.0.0.7"),
        ("nobody", "", "export", "trend.png", what, "10.0.0.8"),
    ]
    assert world.desk.record.counts["export", "done"] == 2
