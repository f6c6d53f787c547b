"""A mosquitto with the ACL file made for a site lets everybody do their work, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from pathlib import Path
from typing import Any

import pytest

from config.broker import Broker as Address
from config.site import Site
from gateway.gxp.identity import generate_key
from gateway.stream.acl import SameName, mosquitto_acl
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import BrokerUnavailable, Options
from gateway.stream.topics import client_mount
from tests.servers.mosquitto import RAISED_LIMITS, Mosquitto
from tests.servers.recorder import Recorder
from tests.system.stream.gateways import check, gateway, quick_site
from tests.system.stream.test_mqtt import Ear, running
from tests.unit.stream.journals import until

PEOPLE = {
    "ann": {"role": "operator", "units": ["u0"]},
    "carl": {"role": "client", "client": "c1"},
    "cleo": {"role": "client"},
    "rita": {"role": "engineer"},
}
CLIENTS = {"c1": {"campaigns": ["K1"]}}
CLIENTS_POINTS = "cellgate/v1/works/a/c/u0/pv/gw1/0"


def site(
    port: int, user: str, people: dict[str, Any] = PEOPLE, clients: dict[str, Any] | None = None
) -> Site:
    """Return the site as one of its services reads it."""
    made = quick_site(port, broker=address(port, user), clients=clients or {})
    users = {name: person | {"public_key": generate_key()[1]} for name, person in people.items()}
    return Site.model_validate(made.model_dump() | {"access": {"users": users}, "streams": made.streams})


def address(port: int, user: str) -> dict[str, Any]:
    return {"port": port, "username": user, "password": f"{user}-secret", "connect_timeout": "1 s"}


def guarded(folder: Path, users: list[str]) -> Mosquitto:
    """Return a mosquitto with the site's ACL and a password for each user."""
    passwords, rights = folder / "passwords", folder / "acl"
    rights.write_text(mosquitto_acl(site(1883, "gw1", clients=CLIENTS)))
    passwords.write_text("".join(f"{user}:{user}-secret\n" for user in users))
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    lines = f"allow_anonymous false\nacl_file {rights}\npassword_file {passwords}\n"
    return Mosquitto(folder / "broker", RAISED_LIMITS + lines)


async def attempt(client: MqttClient, topic: str, payload: bytes) -> None:
    """Publish; a broker may end the connection of who may not."""
    await client.wait_connected()
    with contextlib.suppress(BrokerUnavailable):
        await client.publish(topic, payload)


async def test_everybody_does_their_work_and_nothing_else(tmp_path: Path) -> None:
    broker = guarded(tmp_path, ["gw1", "historian", "hmi", *PEOPLE])
    await broker.start()
    recorder = Recorder(Address.model_validate(address(broker.port, "historian")))
    people = {n: MqttClient(Options(Address.model_validate(address(broker.port, n)), n)) for n in PEOPLE}
    ears = {name: Ear() for name in PEOPLE}
    for name, client in people.items():
        client.subscribe("#", ears[name])
    try:
        async with (
            recorder.running(),
            running(*people.values()),
            gateway(tmp_path / "gateway", site(broker.port, "gw1")) as made,
        ):
            await made.flow(0.3)
            await made.confirmed(recorder)
            check(recorder, made)
            for name in ("gw1", "historian", "cleo"):
                speaker = MqttClient(Options(Address.model_validate(address(broker.port, name)), f"{name}-2"))
                async with running(speaker):
                    await attempt(speaker, client_mount("c1") + CLIENTS_POINTS, name.encode())
            for name, unit in (("ann", "u0"), ("ann", "u1"), ("carl", "u0"), ("rita", "u1")):
                await attempt(people[name], f"cellgate/v1/works/a/c/{unit}/command/gw1", name.encode())
                await attempt(people[name], f"cellgate/v1/works/a/c/{unit}/pv/gw1/0", b"a lie")
            await until(lambda: ears["rita"].payloads != [])
            await asyncio.sleep(0.2)
    finally:
        await broker.kill()
    units = {n: {m.topic.split("/")[5] for m in ear.heard if "/pv/" in m.topic} for n, ear in ears.items()}
    assert units == {"ann": {"u0"}, "carl": {"a"}, "cleo": set(), "rita": {"u0", "u1"}}
    assert ears["carl"].payloads == [b"gw1"]
    assert [m.topic for m in ears["carl"].heard] == [client_mount("c1") + CLIENTS_POINTS]
    assert ears["cleo"].payloads == []
    assert all(b"a lie" not in ear.payloads for ear in ears.values())


async def test_commands_of_those_who_may_reach_the_gateway(tmp_path: Path) -> None:
    broker = guarded(tmp_path, ["gw1", *PEOPLE])
    await broker.start()
    people = {n: MqttClient(Options(Address.model_validate(address(broker.port, n)), n)) for n in PEOPLE}
    taken = MqttClient(Options(Address.model_validate(address(broker.port, "gw1")), "gw1"))
    commands = Ear()
    taken.subscribe("cellgate/v1/works/+/+/+/command/gw1", commands)
    try:
        async with running(taken, *people.values()):
            for name, unit in (("ann", "u1"), ("carl", "u0"), ("ann", "u0"), ("rita", "u1")):
                await attempt(
                    people[name], f"cellgate/v1/works/a/c/{unit}/command/gw1", f"{name} {unit}".encode()
                )
            await until(lambda: len(commands.heard) >= 2)
            await asyncio.sleep(0.2)
    finally:
        await broker.kill()
    assert sorted(commands.payloads) == [b"ann u0", b"rita u1"]


def test_a_user_called_like_a_service_is_told() -> None:
    with pytest.raises(SameName, match="'gw1'"):
        mosquitto_acl(site(1883, "x", {"gw1": {"role": "operator"}}))
