"""Commands on alarms: what they need, whom the class lets send them, and a page through the real door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from config.access import Role, User
from config.site import Site
from control.alarm_states import ACTIVE, OUT_OF_SERVICE, SHELVED
from gateway.batch.campaign_limits import limits_at_start
from gateway.batch.context import Context
from gateway.commands.alarms import alarm_row, page_rows, why_not_by_class
from gateway.commands.message import CommandMessage
from gateway.commands.rows import Refused
from gateway.commands.sanity import to_row
from tests.unit.commands.door_rig import Rig

ALARM = {"tag": "u/t", "type": "high", "limit": 1}


@pytest.fixture(scope="module")
def site() -> Site:
    alarms = {
        "plain": ALARM | {"first_out": "trip"},
        "gmp": ALARM | {"alarm_class": "gmp"},
        "short": ALARM | {"alarm_class": "gmp", "max_shelve": "5 min"},
        "safety": ALARM | {"alarm_class": "safety"},
    }
    unit = {"area": "a", "cell": "c", "tags": {"t": {}}, "alarms": alarms}
    classes = {
        "gmp": {"comment_required": True, "out_of_service": ["supervisor"]},
        "safety": {"max_shelve": "0 s", "out_of_service": []},
    }
    return Site.model_validate(
        {
            "site": {"name": "s"},
            "gateway": {"name": "g"},
            "units": {"u": unit, "v": {"area": "a", "cell": "c"}},
            "alarm_management": {"classes": classes},
        }
    )


def command(kind: str, target: str, **fields: Any) -> CommandMessage:
    times = {"issued_ns": 0, "expires_ns": 1}
    return CommandMessage.model_validate(
        {"id": "12345678", "user": "x", "kind": kind, "target": target} | times | fields
    )


@pytest.mark.parametrize(
    ("kind", "target", "fields", "why"),
    [
        ("acknowledge", "u/plain", {}, "needs the occurrence of the alarm that was seen"),
        ("reset", "u/plain", {}, "needs the occurrence of the alarm that was seen"),
        ("acknowledge", "u/gmp", {"occurrence": 3}, "are acknowledged with a comment"),
        ("acknowledge", "u/none", {"occurrence": 3}, "there is no alarm 'u/none'"),
        ("reset", "u/none", {"occurrence": 3}, "there is no alarm, interlock or first-out group 'u/none'"),
        ("shelve", "u/plain", {"value": 60}, "shelve needs a reason"),
        ("remove_from_service", "u/plain", {}, "remove_from_service needs a reason"),
        ("shelve", "u/plain", {"value": "9 h", "reason": "x"}, "shelve needs a time up to 8 h"),
        ("shelve", "u/short", {"value": "6 min", "reason": "x"}, "shelve needs a time up to 5 min"),
        ("shelve", "u/plain", {"value": 0, "reason": "x"}, "shelve needs a time up to 8 h"),
        ("shelve", "u/plain", {"reason": "x"}, "shelve needs a time up to 8 h"),
        ("shelve", "u/plain", {"value": "soon", "reason": "x"}, "'soon' is not a time"),
        ("shelve", "u/safety", {"value": 60, "reason": "x"}, "must not be shelved"),
    ],
)
def test_what_a_command_lacks_is_told(
    site: Site, kind: str, target: str, fields: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        to_row(site, command(kind, target, **fields))


def test_rows_carry_the_occurrence_and_the_seconds(site: Site) -> None:
    row = alarm_row(site, command("shelve", "u/short", value="2 min", reason="x", occurrence=7))
    assert (row.index, row.value, row.occurrence) == (2, 120.0, 7)
    assert alarm_row(site, command("unshelve", "u/gmp")).index == 1
    assert to_row(site, command("reset", "u/trip")).index == 0


def test_the_class_says_who_may_take_an_alarm_out_of_service(site: Site) -> None:
    users = {role: User(role=role, public_key="") for role in Role}
    refused = {
        (role, target)
        for role in (Role.OPERATOR, Role.SUPERVISOR, Role.ENGINEER)
        for target in ("u/plain", "u/gmp", "u/safety")
        if why_not_by_class(site, users[role], command("remove_from_service", target)) is not None
    }
    allowed = {(Role.SUPERVISOR, "u/plain"), (Role.SUPERVISOR, "u/gmp"), (Role.ENGINEER, "u/plain")}
    assert len(refused) == 9 - len(allowed)
    assert not refused & allowed
    assert why_not_by_class(site, users[Role.OPERATOR], command("shelve", "u/safety")) is None


def test_a_page_is_of_one_unit(site: Site) -> None:
    seen = [{"alarm": "u/plain", "occurrence": 4}]
    assert [row.occurrence for _, row in page_rows(site, command("acknowledge", "u", alarms=seen))] == [4]
    with pytest.raises(Refused, match="'u/plain' is no alarm of 'v'"):
        page_rows(site, command("acknowledge", "v", alarms=seen))


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    made = Rig(tmp_path)
    yield made
    await made.end()


async def test_shelving_and_service_go_through_the_door_and_are_audited(rig: Rig) -> None:
    target = "u/t.high"
    shelved = await rig.ask("shelve", target, value="1 h", reason="sensor is cleaned")
    assert (shelved.accepted, shelved.result) == (True, 3600.0)
    again = await rig.ask("shelve", target, value="1 h", reason="again")
    assert "on the shelf already" in again.reason
    assert (
        "operator may not remove_from_service"
        in (await rig.ask("remove_from_service", target, reason="exchange")).reason
    )
    assert (await rig.ask("remove_from_service", target, user="supervisor", reason="exchange")).accepted
    await rig.until(lambda: len(rig.alarms) == 2)
    assert [int(row["after"]) for row in rig.alarms] == [SHELVED, SHELVED | OUT_OF_SERVICE]
    assert rig.door.engine.user_of(int(rig.alarms[1]["ticket"])) == "supervisor"
    outcomes = [(e["action"], e["who"], e["reason"]) for e in rig.entries() if e["outcome"] == "done"]
    assert outcomes == [
        ("shelve", "operator", "sensor is cleaned"),
        ("remove_from_service", "supervisor", "exchange"),
    ]
    rig.sample(55.0)
    await rig.until(lambda: len(rig.alarms) == 3)
    silent = await rig.ask("acknowledge", target, occurrence=int(rig.alarms[2]["occurrence"]))
    assert "not annunciated" in silent.reason


async def test_a_page_is_acknowledged_as_far_as_it_was_seen(rig: Rig) -> None:
    rig.sample(55.0)
    await rig.until(lambda: len(rig.alarms) == 1)
    occurrence = int(rig.alarms[0]["occurrence"])
    stale = await rig.ask("acknowledge", "u", alarms=[{"alarm": "u/t.high", "occurrence": occurrence - 1}])
    assert not stale.accepted
    assert "look again" in stale.reason
    reply = await rig.ask("acknowledge", "u", alarms=[{"alarm": "u/t.high", "occurrence": occurrence}])
    assert (reply.accepted, reply.result) == (True, 1.0)
    await rig.until(lambda: len(rig.alarms) == 2)
    assert int(rig.alarms[1]["after"]) == ACTIVE
    assert rig.entries()[-1]["new"] == f"u/t.high={occurrence}"
    assert not (
        await rig.ask("reset", "u", alarms=[{"alarm": "u/t.high", "occurrence": occurrence}])
    ).accepted


async def test_a_campaign_brings_its_limits_on_record_and_takes_them_along(rig: Rig) -> None:
    def row() -> Any:
        return rig.engine.tables.state.alarms.row[0]

    rig.sample(47.0)
    await rig.until(lambda: rig.value("u/t.pv") == 47.0)
    names = {"campaign": "c9", "batch": "b7", "phase": ""}
    assert (await rig.ask("context", "u", user="supervisor", context=names)).accepted
    assert row()["limit"] == 45.0
    await rig.until(lambda: len(rig.alarms) == 1)
    assert (rig.alarms[0]["value"], rig.alarms[0]["limit"]) == (47.0, 45.0)
    (entry,) = [e for e in rig.entries() if e["action"] == "alarm_limit"]
    told = (entry["target"], entry["old"], entry["new"], entry["who"], entry["reason"])
    assert told == ("u/t.high", "50 degC", "45 degC", "supervisor", "campaign c9, approved by quin")
    assert (await rig.ask("context", "u", user="supervisor", context=names | {"campaign": "c10"})).accepted
    assert row()["limit"] == 50.0
    await rig.until(lambda: len(rig.alarms) == 2)
    assert len([e for e in rig.entries() if e["action"] == "alarm_limit"]) == 2
    rig.contexts.enter("u", 5, Context("c9", "b1", ""))
    rows = limits_at_start(rig.site, rig.contexts, 6)
    assert rows[["index", "value", "value2"]].tolist() == [(0, 45.0, 45.0)]
