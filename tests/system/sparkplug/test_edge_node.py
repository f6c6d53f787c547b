"""The gateway as an edge node on a real broker: births, data, deaths, rebirths, what is sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from control.signal import BAD, COMM, HISTORY
from drivers.sparkplug.datatypes import Datatype
from drivers.sparkplug.payload import Metric, Property, Template
from drivers.states import State
from tests.servers.brokers import nats
from tests.servers.mosquitto import Mosquitto
from tests.servers.mqtt_packets import Disconnect, Publish
from tests.system.sparkplug.edge import edge, edge_site
from tests.system.sparkplug.host import Host
from tests.system.sparkplug.tap import Tap, tapped
from tests.unit.stream.journals import until


async def _born(host: Host) -> None:
    await until(lambda: all(host.messages("DBIRTH", unit) for unit in ("br1", "br2", "hall")))


def _heard(host: Host, device: str, wanted: Callable[[Metric], bool]) -> Callable[[], bool]:
    return lambda: any(wanted(metric) for metric in host.metrics("DDATA", device))


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
async def test_a_session_from_the_will_to_the_farewell(
    tap: Tap, broker: Mosquitto, folder: Path, protocol: str
) -> None:
    host = Host(broker.port)
    async with host.running(), edge(edge_site(tap.port, broker={"protocol": protocol}), folder) as made:
        await _born(host)
        born = host.birth("br1")
        assert (born["temp/pv"].value, born["temp/pv"].datatype) == (36.5, Datatype.DOUBLE)
        assert born["run"].value is True
        assert born["recipe"].value == "Füllung 7"
        assert born["temp/pv"].properties == {"engUnit": Property(Datatype.STRING, "degC")}
        foam = host.birth("br2")["foam/pv"]
        assert (foam.value, foam.properties["Quality"].value) == (0.25, 0)
        assert foam.properties["Reason"].value == "uncertain: out of range"
        waiting = host.birth("hall")["pressure/pv"]
        assert (waiting.value, waiting.properties["Quality"].value) == (None, 0)
        stamp_ns = made.sample("br1/temp.pv", 38.25)
        alias = born["temp/pv"].alias
        await until(_heard(host, "br1", lambda m: (m.alias, m.value) == (alias, 38.25)))
        live = next(m for m in host.metrics("DDATA", "br1") if m.value == 38.25)
        assert (live.name, live.timestamp, live.is_historical) == ("", stamp_ns // 1_000_000, False)
        made.sample("br1/temp.pv", float("nan"), quality=BAD | COMM)
        await until(_heard(host, "br1", lambda m: m.alias == alias and m.properties != {}))
        lost = [m for m in host.metrics("DDATA", "br1") if m.alias == alias][-1]
        assert (lost.value, lost.properties["Quality"].value) == (None, 500)
        made.sample("br1/temp.pv", 39.0)
        await until(_heard(host, "br1", lambda m: m.alias == alias and m.value == 39.0))
        again = [m for m in host.metrics("DDATA", "br1") if m.alias == alias][-1]
        assert again.properties["Quality"].value == 192, "hosts keep properties: the good one is said once"
    await until(lambda: any(seen.packet is None for seen in tap.seen))
    farewell = [seen.packet for seen in tap.seen if seen.by_node and seen.packet is not None][-2:]
    assert isinstance(farewell[0], Publish)
    assert (farewell[0].topic, farewell[0].qos) == ("spBv1.0/Plant 1/NDEATH/gw1", 1)
    assert isinstance(farewell[1], Disconnect)
    (connect,) = tap.connects()
    assert (connect.version, connect.clean, connect.expiry_s) == (5 if protocol == "5" else 4, True, 0)


async def test_a_storm_of_rebirth_requests_is_one_rebirth_and_the_last_is_answered(
    tap: Tap, broker: Mosquitto, folder: Path
) -> None:
    host = Host(broker.port)
    async with host.running(), edge(edge_site(tap.port), folder) as made:
        await _born(host)
        for number in range(20):
            host.rebirth(stamped=number % 2 == 0)
        await until(lambda: made.node.health()["rebirths_asked"] == 20)
        await until(lambda: made.node.health()["births"] >= 2)
        await asyncio.sleep(0.5)
        births = host.messages("NBIRTH")
        assert 2 <= len(births) <= 4
        assert {birth.seq for birth in births} == {0}
        numbers = [next(m.value for m in birth.metrics if m.name == "bdSeq") for birth in births]
        assert len(set(numbers)) == 1, "no new CONNECT, no new bdSeq"
        before = len(births)
        host.rebirth()
        await until(lambda: len(host.messages("NBIRTH")) == before + 1)
        assert not host.messages("NDEATH")


async def test_a_lost_device_dies_and_is_born_again_and_its_neighbours_live_on(
    tap: Tap, broker: Mosquitto, folder: Path
) -> None:
    host = Host(broker.port)
    async with host.running(), edge(edge_site(tap.port), folder) as made:
        await _born(host)
        made.move("plc2", State.LOST)
        await until(lambda: host.messages("DDEATH", "br2"))
        (death,) = host.messages("DDEATH", "br2")
        assert death.timestamp is not None
        assert death.seq is not None
        made.sample("br2/temp.pv", 1.0)
        made.sample("br1/temp.pv", 2.0)
        await until(_heard(host, "br1", lambda metric: metric.value == 2.0))
        assert not [m for m in host.metrics("DDATA", "br2") if m.value == 1.0], "no data of the dead"
        made.move("plc2", State.CONNECTED)
        await until(lambda: len(host.messages("DBIRTH", "br2")) == 2)
        assert host.birth("br2")["temp/pv"].value == 1.0
        assert len(host.messages("DBIRTH", "br1")) == 1


async def test_a_device_that_is_away_at_the_start_is_born_when_it_comes(
    tap: Tap, broker: Mosquitto, folder: Path
) -> None:
    host = Host(broker.port)
    async with host.running(), edge(edge_site(tap.port), folder, prepared=False) as made:
        made.devices["plc1"].age_s = None
        made.move("plc1", State.LOST)
        await until(lambda: host.messages("DBIRTH", "br2"))
        made.move("plc1", State.CONNECTED)
        await until(lambda: host.messages("DBIRTH", "br1"))


async def test_what_a_cut_hid_comes_as_historical_and_the_present_as_present(
    tap: Tap, broker: Mosquitto, folder: Path
) -> None:
    host = Host(broker.port)
    async with host.running(), edge(edge_site(tap.port, historical="1 min"), folder) as made:
        await _born(host)
        made.sample("br1/temp.pv", 1.0)
        await until(_heard(host, "br1", lambda metric: metric.value == 1.0))
        tap.refusing = True
        tap.cut()
        await until(lambda: host.messages("NDEATH"))
        await until(lambda: made.node.health()["state"] == "connecting")
        times = [made.sample("br1/temp.pv", 10.0 + n) // 1_000_000 for n in range(50)]
        await until(lambda: made.value("br1/temp.pv") == 59.0)
        await asyncio.sleep(0.2)
        tap.refusing = False
        await until(lambda: len(host.messages("NBIRTH")) == 2)
        alias = host.birth("br1")["temp/pv"].alias
        assert host.birth("br1")["temp/pv"].value == 59.0

        def past() -> list[tuple[object, int | None]]:
            told = [m for m in host.metrics("DDATA", "br1") if m.alias == alias and m.is_historical]
            return [(m.value, m.timestamp) for m in told]

        wanted = [(10.0 + n, stamp_ms) for n, stamp_ms in enumerate(times)]
        await until(lambda: set(wanted) <= set(past()))
        assert [told for told in past() if told in wanted][: len(wanted)] == wanted, "oldest first"
        made.sample("br1/temp.pv", 77.0)
        await until(_heard(host, "br1", lambda metric: metric.value == 77.0 and not metric.is_historical))
        first, second = (
            next(m.value for m in birth.metrics if m.name == "bdSeq") for birth in host.messages("NBIRTH")
        )
        assert first != second
        (died,) = host.metrics("NDEATH")
        assert died.value == first, "the will belongs to the birth before"


async def test_what_a_device_gives_later_is_historical_and_never_the_present(
    tap: Tap, broker: Mosquitto, folder: Path
) -> None:
    host = Host(broker.port)
    async with host.running(), edge(edge_site(tap.port), folder) as made:
        await _born(host)
        stamp_ns = made.sample("br1/temp.pv", 12.0)
        await until(_heard(host, "br1", lambda metric: metric.value == 12.0))
        made.sample("br1/temp.pv", 11.0, source_ns=stamp_ns - 5_000_000_000, quality=HISTORY)
        await until(_heard(host, "br1", lambda metric: metric.value == 11.0))
        late = next(m for m in host.metrics("DDATA", "br1") if m.value == 11.0)
        assert (late.is_historical, late.timestamp) == (True, (stamp_ns - 5_000_000_000) // 1_000_000)
        assert late.properties == {}


async def test_units_of_a_class_are_instances_of_its_template(
    tap: Tap, broker: Mosquitto, folder: Path
) -> None:
    host = Host(broker.port)
    async with host.running(), edge(edge_site(tap.port, templates=True), folder) as made:
        await _born(host)
        definition = host.birth()["reactor"].value
        assert isinstance(definition, Template)
        assert definition.is_definition
        members = {metric.name for metric in definition.metrics}
        assert {"temp/pv", "run", "recipe", "temp/sp"} <= members
        assert "foam/pv" not in members, "one unit alone has it"
        assert [parameter.name for parameter in definition.parameters] == ["volume"]
        instance = host.birth("br2")["br2"].value
        assert isinstance(instance, Template)
        assert (instance.reference, instance.is_definition) == ("reactor", False)
        assert instance.parameters[0].value == "200 L"
        assert {metric.name for metric in instance.metrics} == members
        assert host.birth("br2")["foam/pv"].value == 0.25
        made.sample("br2/temp.pv", 40.5)

        def told() -> list[object]:
            values = [metric.value for metric in host.metrics("DDATA", "br2")]
            return [
                m.value for v in values if isinstance(v, Template) for m in v.metrics if m.name == "temp/pv"
            ]

        await until(lambda: 40.5 in told())


async def test_devices_of_the_configuration_can_be_the_devices(
    tap: Tap, broker: Mosquitto, folder: Path
) -> None:
    host = Host(broker.port)
    site = edge_site(tap.port, devices="device", aliases=False, commands={"user": "scada", "units": ["br1"]})
    async with host.running(), edge(site, folder):
        await until(lambda: host.messages("DBIRTH", "plc1") and host.messages("DBIRTH", "plc2"))
        assert host.birth("plc1")["br1/temp/pv"].value == 36.5
        assert host.birth()["br1/temp/sp"].value == 37.0
        host.command(Metric("br1/temp/sp", 40.0, Datatype.DOUBLE))
        await until(lambda: any((m.name, m.value) == ("br1/temp/sp", 40.0) for m in host.metrics("NDATA")))


async def test_the_number_of_births_goes_on_after_a_restart(
    tap: Tap, broker: Mosquitto, folder: Path
) -> None:
    del broker
    for _ in range(2):
        async with edge(edge_site(tap.port), folder) as made:
            await made.online()
            await until(lambda: tap.published("NBIRTH"))
    wills = [connect.will_payload for connect in tap.connects()]
    assert len(wills) == len(set(wills)) == 2
    (folder / "sparkplug" / "Plant%201.gw1.json").write_text("{broken")
    async with edge(edge_site(tap.port), folder) as made:
        await made.online()


async def test_nats_as_the_broker(folder: Path) -> None:
    server = nats(folder / "nats")
    await server.start()
    try:
        host = Host(server.port, group="Plant1")
        async with (
            tapped(server.port) as tap,
            host.running(),
            edge(edge_site(tap.port, group="Plant1"), folder) as made,
        ):
            await _born(host)
            made.sample("br1/temp.pv", 38.25)
            await until(_heard(host, "br1", lambda metric: metric.value == 38.25))
            host.rebirth()
            await until(lambda: len(host.messages("NBIRTH")) == 2)
            tap.cut()
            await until(lambda: host.messages("NDEATH"))
            await until(lambda: len(host.messages("NBIRTH")) == 3)
    finally:
        await server.stop()
