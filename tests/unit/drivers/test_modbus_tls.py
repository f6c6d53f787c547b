"""Modbus/TCP Security against pymodbus' TLS server: who is believed, and who is not."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from config.devices import ModbusDevice
from drivers.api import DeviceRefused, Disconnected
from drivers.modbus.identity import OBJECTS
from drivers.modbus.transport import UNTRUSTED
from gateway.demo.processes import free_port
from tests.servers.certificates import Pair, make
from tests.servers.process import ServerProcess, python
from tests.unit.drivers.modbus_device import Device, holding

PORT = free_port()


def _pem(pair: Pair, folder: Path, name: str) -> tuple[Path, Path]:
    _, key = pair.save(folder, f"{name}.key")
    certificate = folder / f"{name}.pem"
    certificate.write_bytes(pair.certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key


class Pki:
    """An authority, a server, and clients good and bad."""

    def __init__(self, folder: Path) -> None:
        authority = make("plant", key=1, authority=True)
        stranger = make("stranger", key=2, authority=True)
        self.trusted, _ = _pem(authority, folder, "authority")
        self.other, _ = _pem(stranger, folder, "stranger")
        self.server, self.server_key = _pem(make("server", key=3, issuer=authority), folder, "server")
        self.client, self.client_key = _pem(make("gateway", key=4, issuer=authority), folder, "client")
        self.expired, self.expired_key = _pem(
            make("old", key=5, issuer=authority, days=(-30, -1)), folder, "expired"
        )
        self.foreign, self.foreign_key = _pem(make("foreign", key=6, issuer=stranger), folder, "foreign")

    def settings(self, **other: Any) -> dict[str, Any]:
        return {
            "trusted": self.trusted,
            "certificate": self.client,
            "private_key": self.client_key,
            **other,
        }


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def server(pki: Pki) -> Iterator[ServerProcess]:
    files = (pki.server, pki.server_key, pki.trusted)
    server = python("tests.servers.pymodbus_server", str(PORT), "tls", *map(str, files))
    server.start()
    server.command("set h 0 0 1 2 3 4 5 6 7 8 9")
    yield server
    server.kill()


def secured(tls: dict[str, Any], **settings: Any) -> Device:
    return Device(holding(3, 7), port=PORT, timeout="3 s", tls=tls, **settings)


async def test_values_come_through_and_the_device_says_who_it_is(server: ServerProcess, pki: Pki) -> None:
    async with secured(pki.settings(), identity={"vendor": "Cellgate", "product": "BR-200"}) as device:
        await device.all_seen()
        assert device.good() == [3, 7]
        said = await device.driver.identify()
        assert {OBJECTS[n]: said[n] for n in (0, 1, 2)} == {
            "vendor": "Cellgate",
            "product": "BR-200",
            "revision": "1.4",
        }


async def test_another_device_at_the_address_is_refused(server: ServerProcess, pki: Pki) -> None:
    device = secured(pki.settings(), identity={"vendor": "Cellgate", "product": "BR-50"})
    with pytest.raises(DeviceRefused, match="its product is 'BR-200', not 'BR-50'"):
        await device.driver.open()
    await device.driver.close()


async def test_a_server_that_is_not_trusted_is_refused(server: ServerProcess, pki: Pki) -> None:
    device = secured(pki.settings(trusted=pki.other))
    with pytest.raises(DeviceRefused, match="its certificate is not trusted") as caught:
        await device.driver.open()
    assert caught.value.code == UNTRUSTED
    await device.driver.close()


async def test_a_server_of_another_name_is_refused(server: ServerProcess, pki: Pki) -> None:
    device = secured(pki.settings(server_name="lyophilizer.plant"))
    with pytest.raises(DeviceRefused, match="its certificate is not trusted: Hostname mismatch"):
        await device.driver.open()
    await device.driver.close()


@pytest.mark.parametrize("which", ["expired", "foreign"])
async def test_a_client_that_the_server_does_not_believe_gets_nothing(
    server: ServerProcess, pki: Pki, which: str
) -> None:
    """With TLS 1.3 the server refuses after the handshake: the first read finds the connection gone."""
    files = {"certificate": getattr(pki, which), "private_key": getattr(pki, f"{which}_key")}
    device = secured(pki.settings(**files))

    async def first_read() -> None:
        await device.driver.open()
        await device.driver.read()

    with pytest.raises(Disconnected):
        await first_read()
    await device.driver.close()


async def test_an_expired_server_is_refused(pki: Pki) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.expired, pki.expired_key)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        device = Device(holding(3), port=port, timeout="3 s", tls=pki.settings())
        with pytest.raises(DeviceRefused, match="certificate has expired"):
            await device.driver.open()
        await device.driver.close()


async def test_a_missing_file_is_named(pki: Pki, tmp_path: Path) -> None:
    device = secured(pki.settings(private_key=tmp_path / "gone.pem"))
    with pytest.raises(Disconnected, match=r"gone\.pem: No such file"):
        await device.driver.open()


def test_port_802_unless_another_is_given() -> None:
    tls = {"trusted": "a", "certificate": "b", "private_key": "c"}
    device = {"driver": "modbus", "host": "h", "tls": tls}
    assert ModbusDevice.model_validate(device).port == 802
    assert ModbusDevice.model_validate({**device, "port": 5020}).port == 5020
