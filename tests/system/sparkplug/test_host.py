"""Hosts of an edge node: the primary one that is waited for, and those that command."""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.sparkplug.datatypes import Datatype
from drivers.sparkplug.encode import encode
from drivers.sparkplug.payload import Metric, Payload, Template
from tests.servers.mosquitto import Mosquitto
from tests.servers.mqtt_packets import Disconnect
from tests.system.sparkplug.edge import Edge, edge, edge_site
from tests.system.sparkplug.host import Host
from tests.system.sparkplug.tap import Seen, Tap, tapped
from tests.unit.stream.journals import until

_DOUBLE = Datatype.DOUBLE


async def _waits(made: Edge) -> None:
    await until(lambda: made.node.health()["state"] == "waiting for the primary host")
    await until(lambda: made.node.health()["connections"] >= 1)


async def _refused(made: Edge, count: int) -> None:
    await until(lambda: made.node.health()["commands"]["refused"] == count)


async def test_nothing_is_born_before_the_primary_host_is_online(
    tap: Tap, broker: Mosquitto, folder: Path
) -> None:
    host = Host(broker.port)
    async with host.running(), edge(edge_site(tap.port, primary_host="scada"), folder) as made:
        await _waits(made)
        host.say_state("other", online=True, stamp_ms=500)
        host.publish("spBv1.0/STATE/scada", b"ONLINE", retain=True, qos=1)
        await asyncio.sleep(0.2)
        assert not host.messages("NBIRTH")
        host.say_state("scada", online=True, stamp_ms=1000)
        await until(lambda: host.messages("NBIRTH"))
        host.say_state("scada", online=False, stamp_ms=999)
        await asyncio.sleep(0.2)
        assert not host.messages("NDEATH"), "of an earlier connection of the host"
        host.say_state("scada", online=False, stamp_ms=1000)
        await until(lambda: host.messages("NDEATH"))
        await until(lambda: any(isinstance(seen.packet, Disconnect) for seen in tap.seen))
        await until(lambda: len(tap.connects()) >= 2)
        births = len(host.messages("NBIRTH"))
        await asyncio.sleep(0.2)
        assert len(host.messages("NBIRTH")) == births
        host.say_state("scada", online=True, stamp_ms=2000)
        await until(lambda: len(host.messages("NBIRTH")) == births + 1)


async def test_where_the_host_is_not_the_next_server_is_tried(
    broker: Mosquitto, folder: Path, tmp_path: Path
) -> None:
    other = Mosquitto(tmp_path / "other")
    await other.start()
    log: list[Seen] = []
    here, there = Host(broker.port), Host(other.port)
    try:
        async with tapped(broker.port, log) as first, tapped(other.port, log) as second:
            servers = {"others": [{"host": "127.0.0.1", "port": second.port}]}
            site = edge_site(first.port, primary_host="walker", host_timeout="300 ms", broker=servers)
            async with here.running(), there.running(), edge(site, folder):
                there.say_state("walker", online=True, stamp_ms=10)
                await until(lambda: there.messages("NBIRTH"))
                assert not here.messages("NBIRTH")
                here.say_state("walker", online=True, stamp_ms=5)
                there.say_state("walker", online=False, stamp_ms=20)
                await until(lambda: here.messages("NBIRTH"))
                assert there.messages("NDEATH")
        open_now: set[int] = set()
        for seen in log:
            (open_now.discard if seen.packet is None else open_now.add)(seen.connection)
            assert len(open_now) <= 1, "at one server at a time"
    finally:
        await other.stop()


async def test_commands_are_refused_where_the_configuration_does_not_allow_them(
    tap: Tap, broker: Mosquitto, folder: Path
) -> None:
    host = Host(broker.port)
    async with host.running(), edge(edge_site(tap.port), folder) as made:
        await until(lambda: host.messages("DBIRTH", "br1"))
        alias = host.birth("br1")["temp/sp"].alias
        host.command(Metric(alias=alias, value=40.0, datatype=_DOUBLE), device="br1")
        await until(lambda: made.node.health()["commands"]["refused"] == 1)
        await until(lambda: any("Refused" in m.properties for m in host.metrics("DDATA", "br1")))
        told = next(m for m in host.metrics("DDATA", "br1") if "Refused" in m.properties)
        assert (told.alias, told.value) == (alias, 37.0)
        assert "takes no commands" in str(told.properties["Refused"].value)
        (entry,) = made.audit()
        assert (entry["who"], entry["action"], entry["target"]) == ("sparkplug host", "DCMD", "temp/sp")
        assert entry["outcome"].startswith("refused")
        assert made.value("br1/temp.sp") == 37.0


async def test_an_allowed_host_commands_through_the_one_door(
    tap: Tap, broker: Mosquitto, folder: Path
) -> None:
    host = Host(broker.port)
    allowed = {"user": "scada", "role": "engineer", "units": ["br1"]}
    async with host.running(), edge(edge_site(tap.port, commands=allowed), folder) as made:
        await until(lambda: host.messages("DBIRTH", "br1") and host.messages("DBIRTH", "br2"))
        born = host.birth("br1")
        host.command(Metric(alias=born["temp/sp"].alias, value=41.5, datatype=_DOUBLE), device="br1")
        await until(lambda: made.value("br1/temp.sp") == 41.5)
        await until(lambda: any(m.value == 41.5 for m in host.metrics("DDATA", "br1")))
        requested, done = made.audit()
        assert (done["who"], done["role"], done["old"], done["new"]) == ("scada", "engineer", 37.0, 41.5)
        assert requested["reason"] == "unsigned, by spBv1.0/Plant 1/DCMD/gw1/br1"
        assert not done["signature"]
        host.command(Metric("temp/mode", 0.0, _DOUBLE), device="br1", stamped=False)
        await until(lambda: made.node.health()["commands"]["accepted"] == 2)
        for metric, device in (
            (Metric("temp/sp", 4000.0, _DOUBLE), "br1"),
            (Metric("temp/sp", 40.0, _DOUBLE), "br2"),
            (Metric("temp/pv", 40.0, _DOUBLE), "br1"),
            (Metric("nothing", 1.0, _DOUBLE), "br1"),
            (Metric("temp/sp", None, _DOUBLE), "br1"),
        ):
            before = made.node.health()["commands"]["refused"]
            host.command(metric, device=device)
            await _refused(made, before + 1)
        reasons = [entry["outcome"] for entry in made.audit()[-5:]]
        words = ("outside the limits", "no rights for unit", "cannot be", "no such metric", "no value")
        assert all(word in reason for word, reason in zip(words, reasons, strict=True)), reasons
        assert made.value("br2/temp.sp") == 37.0


async def test_a_member_of_an_instance_is_commanded_within_it(
    tap: Tap, broker: Mosquitto, folder: Path
) -> None:
    host = Host(broker.port)
    allowed = {"user": "scada", "units": ["br2"]}
    site = edge_site(tap.port, commands=allowed, templates=True)
    async with host.running(), edge(site, folder) as made:
        await until(lambda: host.messages("DBIRTH", "br2"))
        member = Template((Metric("temp/sp", 39.0, _DOUBLE),), reference="reactor")
        host.command(Metric("br2", member, Datatype.TEMPLATE), device="br2")
        await until(lambda: made.value("br2/temp.sp") == 39.0)


async def test_a_kept_or_repeated_command_acts_not_again(tap: Tap, broker: Mosquitto, folder: Path) -> None:
    host = Host(broker.port)
    allowed = {"user": "scada", "units": ["br1"]}
    topic = "spBv1.0/Plant 1/DCMD/gw1/br1"
    async with host.running():
        old = encode(Payload([Metric("temp/sp", 12.0, _DOUBLE)], 1_000_000))
        host.publish(topic, old, retain=True)
        await until(lambda: host.messages("DCMD", "br1"))  # the broker has it
        try:
            async with edge(edge_site(tap.port, commands=allowed), folder) as made:
                await until(lambda: host.messages("DBIRTH", "br1"))
                host.publish(topic, old)
                await until(lambda: made.node.health()["commands"]["refused"] == 2)
                outcomes = [entry["outcome"] for entry in made.audit()[-2:]]
                assert "retained" in outcomes[0]
                assert "expired" in outcomes[1]
                host.publish(topic, b"\xff\xff")
                await until(lambda: made.node.health()["commands"]["malformed"] == 1)
                assert made.value("br1/temp.sp") == 37.0
        finally:
            host.publish(topic, b"", retain=True)
