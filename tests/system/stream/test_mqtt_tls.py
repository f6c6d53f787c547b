"""MQTT over TLS: who the broker is, and who we are, is proved by certificates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from config.broker import Broker as Address
from gateway.stream.mqtt import Inbound, MqttClient
from gateway.stream.mqtt_options import Delivery, Options
from tests.servers.certificates import Pair, make
from tests.servers.mosquitto import RAISED_LIMITS, Mosquitto
from tests.system.stream.test_mqtt import running
from tests.unit.stream.journals import until


@dataclass
class Secured:
    """A broker that asks for a client's certificate."""

    port: int
    authority: Path
    client: tuple[Path, Path]


def save(pair: Pair, folder: Path, name: str) -> tuple[Path, Path]:
    """Write certificate and key as PEM, which is what brokers and OpenSSL read."""
    _, key = pair.save(folder, f"{name}-key")
    certificate = folder / f"{name}.pem"
    certificate.write_bytes(pair.certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncIterator[Secured]:
    folder = tmp_path / "certificates"
    authority = make("authority", key=1, authority=True)
    ca, _ = save(authority, folder, "ca")
    certificate, key = save(make("broker", key=2, issuer=authority), folder, "broker")
    lines = f"cafile {ca}\ncertfile {certificate}\nkeyfile {key}\nrequire_certificate true\n"
    broker = Mosquitto(tmp_path / "broker", RAISED_LIMITS + lines)
    await broker.start()
    try:
        yield Secured(broker.port, ca, save(make("gateway", key=3, issuer=authority), folder, "gateway"))
    finally:
        await broker.kill()


def client(
    secured: Secured, *, host: str = "127.0.0.1", own: bool = True, trusts: Path | None = None
) -> MqttClient:
    tls = {"authority": str(trusts or secured.authority)}
    if own:
        tls |= {"certificate": str(secured.client[0]), "private_key": str(secured.client[1])}
    address = {"host": host, "port": secured.port, "connect_timeout": "2 s", "tls": tls}
    return MqttClient(Options(Address.model_validate(address), "gateway"))


async def test_messages_of_any_size_pass(secured: Secured) -> None:
    heard: list[Inbound] = []
    both = client(secured)
    both.subscribe("a", heard.append)
    sent = [bytes([n]) * (1 + n * 7000) for n in range(40)]  # OpenSSL hands out 16 kB at a time
    async with running(both):
        for payload in sent:
            assert await both.publish("a", payload) is Delivery.ACKNOWLEDGED
        await until(lambda: len(heard) == len(sent))
    assert [message.payload for message in heard] == sent


async def test_without_a_certificate_of_our_own_we_are_not_let_in(secured: Secured) -> None:
    nobody = client(secured, own=False)
    async with running(nobody, connected=False):
        await until(lambda: nobody.counters.failures >= 2)
    assert nobody.counters.connections == 0


async def test_a_broker_of_another_authority_is_not_spoken_to(secured: Secured, tmp_path: Path) -> None:
    other, _ = save(make("other", key=4, authority=True), tmp_path / "other", "ca")
    careful = client(secured, trusts=other)
    async with running(careful, connected=False):
        await until(lambda: careful.counters.failures >= 2)
    assert careful.counters.connections == 0


async def test_a_broker_of_another_name_is_not_spoken_to(secured: Secured) -> None:
    careful = client(secured, host="localhost")
    async with running(careful, connected=False):
        await until(lambda: careful.counters.failures >= 2)
    assert careful.counters.connections == 0
