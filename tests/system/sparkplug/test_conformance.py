"""Sparkplug's assertions about edge nodes, one by one, over captures from a real broker: none may fail."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from drivers.states import State
from tests.servers.mosquitto import Mosquitto
from tests.system.sparkplug.conformance import checks_payload, checks_session
from tests.system.sparkplug.conformance.capture import CHECKS, Setup, failures, sessions
from tests.system.sparkplug.conformance.mutations import MUTATIONS
from tests.system.sparkplug.edge import edge, edge_site
from tests.system.sparkplug.host import Host
from tests.system.sparkplug.tap import Seen, tapped
from tests.unit.stream.journals import until

assert checks_payload.topics in CHECKS.values()  # importing the modules registers their checks
assert checks_session.clean_session in CHECKS.values()
_IDS = Path(__file__).parent / "conformance" / "assertion_ids.txt"
_OF_OTHERS = re.compile(
    r"(host-|conformance-|components-ph|intro-sparkplug-host|message-flow-(phid|hid)-|payloads-state-"
    r"|operational-behavior-host-|operational-behavior-data-commands-(ncmd|dcmd)-"
    r"|operational-behavior-edge-node-termination-host-action-"
    r"|operational-behavior-primary-application-state-with-multiple-servers-state$"
    r"|(topics|payloads)-(ncmd|dcmd)-|payloads-name-cmd-)"
)
"""Assertions about hosts, about servers, and about commands, which hosts send."""
_SETUP = Setup("Plant 1", "gw1", frozenset({"br1", "br2", "hall"}), "checked", frozenset({"br2"}), 0.3)

Captures = Mapping[str, Sequence[Seen]]


async def _captured(folder: Path, *, templates: bool, protocol: str) -> list[Seen]:
    """Live through all that an edge node meets, and return what was said."""
    broker = Mosquitto(folder / "broker")
    await broker.start()
    host = Host(broker.port)
    try:
        async with tapped(broker.port) as tap, host.running():
            site = edge_site(
                tap.port,
                templates=templates,
                primary_host="checked",
                broker={"protocol": protocol},
                commands={"user": "scada", "units": ["br1"]},
            )
            host.say_state("checked", online=True, stamp_ms=1000)
            async with edge(site, folder) as made:
                await until(lambda: host.messages("DBIRTH", "hall"))
                number = 0.0
                while len(host.messages("DDATA", "br1")) < 256:  # beyond the wrap of the sequence
                    made.sample("br1/temp.pv", number)
                    number += 1.0
                    await asyncio.sleep(0.006)
                made.sample("br2/temp.pv", 17.0, quality=0x8000_0001)
                made.sample("br2/temp.pv", 18.0)
                host.rebirth()
                await until(lambda: len(host.messages("NBIRTH")) == 2)
                made.move("plc2", State.LOST)
                await until(lambda: host.messages("DDEATH", "br2"))
                made.move("plc2", State.CONNECTED)
                await until(lambda: len(host.messages("DBIRTH", "br2")) == 3)
                host.say_state("checked", online=False, stamp_ms=999)
                await asyncio.sleep(0.1)
                host.say_state("checked", online=True, stamp_ms=1000)
                tap.cut()
                await until(lambda: len(host.messages("NBIRTH")) == 3)
                made.sample("br1/temp.pv", 55.5)
                await until(lambda: made.node.health()["historical"] > 0)
                host.say_state("checked", online=False, stamp_ms=2000)
                await until(lambda: len(tap.connects()) >= 3)
                host.say_state("checked", online=True, stamp_ms=3000)
                await until(lambda: len(host.messages("NBIRTH")) == 4)
                heard = len(host.metrics("DDATA", "br2"))
                made.sample("br1/run", 0.0)
                made.sample("br2/temp.pv", 55.5)
                await until(lambda: len(host.metrics("DDATA", "br2")) > heard)
            return list(tap.seen)
    finally:
        await broker.stop()


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Captures:
    """What was said with plain metrics on MQTT 3.1.1, and with templates on MQTT 5."""
    with asyncio.Runner() as runner:
        return {
            protocol: runner.run(
                _captured(tmp_path_factory.mktemp("capture"), templates=templates, protocol=protocol)
            )
            for protocol, templates in (("3.1.1", False), ("5", True))
        }


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_no_assertion_fails(captures: Captures, protocol: str) -> None:
    assert failures(_SETUP, captures[protocol]) == {}


def test_every_assertion_is_checked_or_of_others() -> None:
    ids = set(_IDS.read_text().split())
    assert len(ids) == 299
    assert {name for name in ids if not _OF_OTHERS.match(name)} == set(CHECKS)


@pytest.mark.parametrize("name", sorted({check.__name__ for check in CHECKS.values()}))
def test_each_check_finds_what_breaks_it(captures: Captures, name: str) -> None:
    check = next(check for check in CHECKS.values() if check.__name__ == name)
    for number, mutate in enumerate(MUTATIONS[name]):
        found = any(list(check(_SETUP, sessions(mutate(list(seen))))) for seen in captures.values())
        assert found, f"mutation {number} is not found"
