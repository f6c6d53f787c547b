"""Policies and certificates: exactly what is configured, from a server that is trusted, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua

from drivers.api import DeviceRefused
from drivers.opcua.certificates import load_certificate
from drivers.opcua.driver import OpcUaDriver
from drivers.opcua.security import POLICIES, choose_endpoint
from drivers.opcua.trust import Trust
from simulators.link_faults import LinkFault, LinkFaultKind
from tests.servers.certificates import Pair, make, revoke
from tests.servers.opcua import OpcUaServer, asyncua_server
from tests.unit.drivers.opcua.plant import Seen, device, follow, opened, ref
from tests.unit.drivers.opcua.test_faults import linked, running, until

URI = "urn:cellgate:test:server"
UNTRUSTED, TIME, HOST, NOT_OURS, REVOKED = 0x801A_0000, 0x8014_0000, 0x8016_0000, 0x8017_0000, 0x801D_0000
KINDS = ("Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's and the gateway's certificates, and the gateway's trusted folder."""
    folder = tmp_path_factory.mktemp("pki")
    make("server").save(folder, "server")
    make("gateway", "urn:cellgate:gateway", key=1).save(folder, "gateway")
    make("server").save(folder / "empty", "key only")[0].unlink()
    (folder / "trusted").mkdir()
    (folder / "trusted" / "server.der").write_bytes((folder / "server.der").read_bytes())
    return folder


@pytest.fixture(scope="module")
def secured(folder: Path) -> Iterator[OpcUaServer]:
    """A server that offers every safe policy, and none."""
    policies = ["NoSecurity", *(f"{kind}_{mode}" for kind in KINDS for mode in ("Sign", "SignAndEncrypt"))]
    settings: dict[str, Any] = {
        "certificate": str(folder / "server.der"),
        "private_key": str(folder / "server.pem"),
        "policies": policies,
        "users": True,
    }
    with asyncua_server(**settings) as running:
        running.do("add", names=["a"], value=4.0, writable=True)
        yield running


def security(folder: Path, **settings: Any) -> dict[str, Any]:
    chosen = {
        "certificate": folder / "gateway.der",
        "private_key": folder / "gateway.pem",
        "trusted": folder / "trusted",
    }
    return chosen | settings


@pytest.mark.parametrize("mode", ["sign", "sign_and_encrypt"])
@pytest.mark.parametrize("policy", [str(policy) for policy in POLICIES])
async def test_data_flow_under_every_policy(
    secured: OpcUaServer, folder: Path, policy: str, mode: str
) -> None:
    settings = device(secured.port, security=security(folder, policy=policy, mode=mode))
    seen = Seen()
    async with opened(settings, [ref(0, "a")]) as driver:
        await follow(driver, seen, lambda: seen.keep_alives > 0)
        assert driver._live is not None
        connection = driver._live.connection
        assert connection._client is not None
        assert connection._client.security_policy.URI.endswith(policy)
    assert seen.last(0) == 4.0


async def test_a_user_logs_in_over_an_encrypted_channel(secured: OpcUaServer, folder: Path) -> None:
    named = {"username": "operator", "password": "secret", "security": security(folder)}
    async with opened(device(secured.port, **named), [ref(0, "a")]) as driver:
        assert (await driver.read_back([0])).value.tolist() == [4.0]
    with pytest.raises(DeviceRefused):
        async with opened(device(secured.port, **named | {"password": "guess"}), [ref(0, "a")]):
            pass


async def test_a_server_that_is_not_trusted_hears_nothing_from_us(secured: OpcUaServer, folder: Path) -> None:
    settings = device(secured.port, security=security(folder, trusted=folder / "empty"))
    driver = OpcUaDriver("d", settings)
    driver.plan([ref(0, "a")])
    with pytest.raises(DeviceRefused, match="not trusted") as refused:
        await driver.open()
    assert refused.value.code == UNTRUSTED
    (kept,) = (folder / "rejected").iterdir()
    assert f"cellgate pki trust {folder} {kept.name}" in str(refused.value)
    assert load_certificate(kept) == load_certificate(folder / "server.der")
    assert not any("CreateSession" in frame or "OpenSecure" in frame for frame in driver.last_frames())
    await driver.close()


async def test_a_certificate_logs_a_user_in(secured: OpcUaServer, folder: Path) -> None:
    make("operator", "urn:user", key=4).save(folder, "operator")
    make("stranger", "urn:user", key=4).save(folder, "stranger")
    for name, is_let_in in (("operator", True), ("stranger", False)):
        user = {"certificate": folder / f"{name}.der", "private_key": folder / f"{name}.pem"}
        settings = device(secured.port, user_certificate=user, security=security(folder))
        if is_let_in:
            async with opened(settings, [ref(0, "a")]) as driver:
                assert (await driver.read_back([0])).value.tolist() == [4.0]
            continue
        with pytest.raises(DeviceRefused, match="activate session"):
            async with opened(settings, [ref(0, "a")]):
                pass


async def test_a_server_whose_certificate_has_ended_is_refused(secured: OpcUaServer, folder: Path) -> None:
    """The same server, when its certificate is renewed, is spoken to again by itself."""
    make("server", days=(-9, -1)).save(folder, "ended")
    (folder / "trusted" / "ended.der").write_bytes((folder / "ended.der").read_bytes())
    settings = {
        "certificate": str(folder / "ended.der"),
        "private_key": str(folder / "ended.pem"),
        "policies": ["Basic256Sha256_SignAndEncrypt"],
        "anonymous_only": True,
    }
    with asyncua_server(**settings) as server:
        driver = OpcUaDriver("d", device(server.port, security=security(folder)))
        driver.plan([ref(0, "a")])
        with pytest.raises(DeviceRefused, match="not valid at this time") as refused:
            await driver.open()
        assert refused.value.code == TIME
        server.kill()
        server.change(certificate=str(folder / "server.der"), private_key=str(folder / "server.pem"))
        server.start()
        server.do("add", names=["a"], value=4.0)
        try:
            await driver.open()
            assert (await driver.read_back([0])).value.tolist() == [4.0]
        finally:
            await driver.close()
        user = {"certificate": folder / "gateway.der", "private_key": folder / "gateway.pem"}
        for identity, what in (({"user_certificate": user}, "certificates"), ({"username": "jo"}, "names")):
            with pytest.raises(DeviceRefused, match=f"takes no user {what}"):
                async with opened(device(server.port, security=security(folder), **identity), [ref(0, "a")]):
                    pass


async def test_missing_certificates_are_said(secured: OpcUaServer, folder: Path) -> None:
    user = {"certificate": folder / "nowhere", "private_key": folder / "nowhere"}
    named = [
        security(folder, **{part: folder / "nowhere"}) for part in ("certificate", "private_key", "trusted")
    ]
    for chosen, more in [*((each, {}) for each in named), (security(folder), {"user_certificate": user})]:
        settings = device(secured.port, security=chosen, **more)
        driver = OpcUaDriver("d", settings)
        with pytest.raises(DeviceRefused, match="nowhere"):
            await driver.open()
        await driver.close()


async def test_there_is_no_way_down_to_a_weaker_policy(plant: OpcUaServer, folder: Path) -> None:
    """The shared server offers no security at all: a device that wants it gets no connection."""
    driver = OpcUaDriver("d", device(plant.port, security=security(folder)))
    with pytest.raises(DeviceRefused, match="does not offer Basic256Sha256 SignAndEncrypt"):
        await driver.open()
    await driver.close()


def test_an_endpoint_must_fit_exactly() -> None:
    policy = POLICIES[next(iter(POLICIES))].URI
    weak = ua.EndpointDescription(SecurityPolicyUri=policy, SecurityMode=ua.MessageSecurityMode.Sign)
    strong = ua.EndpointDescription(
        SecurityPolicyUri=policy, SecurityMode=ua.MessageSecurityMode.SignAndEncrypt
    )
    assert choose_endpoint([weak, strong], policy, ua.MessageSecurityMode.SignAndEncrypt) is strong
    with pytest.raises(DeviceRefused, match="does not offer"):
        choose_endpoint([weak], policy, ua.MessageSecurityMode.SignAndEncrypt)


AUTHORITY = make("authority", authority=True, key=2)
EXPIRED_AUTHORITY = make("old authority", authority=True, key=2, days=(-9, -1))
ISSUED = make("server", issuer=AUTHORITY)
ELSEWHERE = make("server", issuer=AUTHORITY, host="elsewhere")
OTHER = make("server", "urn:other", issuer=AUTHORITY)
OUTLIVED = make("server", issuer=EXPIRED_AUTHORITY)
PINNED = make("server", host="elsewhere")


@pytest.mark.parametrize(
    ("trusted", "shown", "code"),
    [
        pytest.param([PINNED], PINNED, None, id="the certificate itself, whatever its host"),
        pytest.param([AUTHORITY], ISSUED, None, id="issued by a trusted authority"),
        pytest.param([], PINNED, UNTRUSTED, id="nothing is trusted"),
        pytest.param([make("server", key=3)], PINNED, UNTRUSTED, id="another of the same name"),
        pytest.param([make("authority", key=2)], ISSUED, UNTRUSTED, id="issued by what is no authority"),
        pytest.param([AUTHORITY], ELSEWHERE, HOST, id="for another host"),
        pytest.param([AUTHORITY], OTHER, NOT_OURS, id="another application"),
        pytest.param([AUTHORITY], make("server", issuer=AUTHORITY, days=(-9, -1)), TIME, id="expired"),
        pytest.param([AUTHORITY], make("server", issuer=AUTHORITY, days=(1, 9)), TIME, id="not yet valid"),
        pytest.param(
            [EXPIRED_AUTHORITY],
            make("server", issuer=EXPIRED_AUTHORITY),
            TIME,
            id="the authority has expired",
        ),
    ],
)
def test_what_is_trusted(trusted: list[Pair], shown: Pair, code: int | None) -> None:
    trust = Trust([each.certificate for each in trusted], [])
    if code is None:
        trust.check(shown.certificate, URI, "127.0.0.1")
        return
    with pytest.raises(DeviceRefused) as refused:
        trust.check(shown.certificate, URI, "127.0.0.1")
    assert refused.value.code == code


def test_what_is_revoked_is_not_trusted_even_if_it_lies_in_the_folder(tmp_path: Path) -> None:
    AUTHORITY.save(tmp_path, "authority")
    ISSUED.save(tmp_path, "server")
    Trust.load(tmp_path).check(ISSUED.certificate, URI, "127.0.0.1")
    (tmp_path / "authority.crl").write_bytes(revoke(AUTHORITY, ISSUED.certificate))
    with pytest.raises(DeviceRefused) as refused:
        Trust.load(tmp_path).check(ISSUED.certificate, URI, "127.0.0.1")
    assert refused.value.code == REVOKED
    (tmp_path / "authority.crl").write_bytes(
        revoke(make("authority", authority=True, key=3), ISSUED.certificate)
    )
    Trust.load(tmp_path).check(ISSUED.certificate, URI, "127.0.0.1")  # a list that its issuer did not sign


async def test_a_reconnection_is_as_secure_as_the_first_connection(
    secured: OpcUaServer, folder: Path
) -> None:
    """Certificates, policy and user are those of the configuration each time, whatever broke the link."""
    async with linked(secured) as link:
        settings = device(link.port, username="operator", password="secret", security=security(folder))
        async with running(settings, [ref(0, "a")]) as (session, seen):
            for round_ in range(1, 4):
                await until(lambda: session.statistics.connects == round_ and seen.last(0) == 4.0)  # noqa: B023
                driver: Any = session._driver
                connection = driver._live.connection
                policy = connection._client.security_policy
                assert (policy.URI.endswith("Basic256Sha256"), int(policy.Mode)) == (True, 3)
                await link.set_fault(LinkFault(LinkFaultKind.DROP))
                await until(lambda: session.statistics.failures >= round_)  # noqa: B023
                seen.__init__()  # type: ignore[misc]
                await link.clear()
