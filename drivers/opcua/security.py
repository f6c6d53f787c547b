"""Which servers are spoken to, and how safely: exactly as configured, or not at all.

asyncua by itself takes the server certificate from an unprotected answer and accepts any. Here
the endpoint must offer exactly the configured policy and mode, and its certificate must be
trusted, in its time, and the server's own, before anything is encrypted for it. One that is not
trusted is put into the folder of rejected ones, for a person to compare.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlparse

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto import security_policies
from asyncua.crypto.uacrypto import CertProperties
from cryptography import x509

from config.opcua_security import OpcUaSecurity, SecurityMode, SecurityPolicy
from drivers.api import DeviceRefused
from drivers.opcua.certificates import Description, application_uris, describe, load_certificate
from drivers.opcua.folders import keep_rejected
from drivers.opcua.trust import UNTRUSTED, Trust

POLICIES: Final[dict[SecurityPolicy, Any]] = {
    SecurityPolicy.BASIC256SHA256: security_policies.SecurityPolicyBasic256Sha256,
    SecurityPolicy.AES128_SHA256_RSAOAEP: security_policies.SecurityPolicyAes128Sha256RsaOaep,
    SecurityPolicy.AES256_SHA256_RSAPSS: security_policies.SecurityPolicyAes256Sha256RsaPss,
}
MODES: Final = {
    SecurityMode.SIGN: ua.MessageSecurityMode.Sign,
    SecurityMode.SIGN_AND_ENCRYPT: ua.MessageSecurityMode.SignAndEncrypt,
}
CERTIFICATE_INVALID: Final = 0x8012_0000
POLICY_REJECTED: Final = 0x8055_0000
NO_OWN_CERTIFICATE: Final = 0x8059_0000

_T = TypeVar("_T")


class Within(Protocol):
    """Runs a step inside the device's time limit, its errors translated."""

    def __call__(self, what: str, step: Callable[[], Awaitable[_T]], /) -> Awaitable[_T]:
        """Await the step."""
        ...


async def secure(client: Client, security: OpcUaSecurity, within: Within) -> list[Description]:
    """Find the endpoint, check its certificate, and set the client up for it.

    Returns:
        The certificates that secure the channel, ours first.

    Raises:
        DriverError: unreachable, no such endpoint, or a certificate that is not trusted.
    """
    own, trust = await asyncio.to_thread(_load, security)
    client.application_uri = application_uris(own)[0]
    policy = POLICIES[security.policy]
    offered = await within("get endpoints", client.connect_and_get_server_endpoints)
    endpoint = choose_endpoint(offered, policy.URI, MODES[security.mode])
    certificate = x509.load_der_x509_certificate(_first(endpoint.ServerCertificate))
    host = urlparse(client.server_url.geturl()).hostname or ""
    try:
        trust.check(certificate, endpoint.Server.ApplicationUri or "", host)
    except DeviceRefused as error:
        if error.code == UNTRUSTED:
            raise await asyncio.to_thread(_turned_away, error, security, certificate) from None
        raise
    password = security.private_key_password
    await within(
        "set up security",
        lambda: client.set_security(
            policy,
            security.certificate,
            security.private_key,
            private_key_password=password.get_secret_value() if password is not None else None,
            server_certificate=CertProperties(_first(endpoint.ServerCertificate), "der"),
            mode=MODES[security.mode],
        ),
    )
    return [describe(own), describe(certificate)]


def choose_endpoint(
    offered: Iterable[ua.EndpointDescription], policy_uri: str, mode: ua.MessageSecurityMode
) -> ua.EndpointDescription:
    """Return the endpoint with exactly this policy and mode.

    Raises:
        DeviceRefused: the server does not offer it; the message says what it offers.
    """
    seen = []
    for endpoint in offered:
        if endpoint.SecurityPolicyUri == policy_uri and endpoint.SecurityMode == mode:
            return endpoint
        seen.append(f"{(endpoint.SecurityPolicyUri or '').rpartition('#')[2]} {endpoint.SecurityMode.name}")
    wanted = f"{policy_uri.rpartition('#')[2]} {mode.name}"
    raise DeviceRefused(
        f"the server does not offer {wanted} (it offers {', '.join(sorted(set(seen))) or 'nothing'})",
        POLICY_REJECTED,
    )


def _turned_away(
    error: DeviceRefused, security: OpcUaSecurity, certificate: x509.Certificate
) -> DeviceRefused:
    """Keep a certificate that is not trusted, and say how to trust it."""
    try:
        path = keep_rejected(security.rejected_folder, certificate)
    except OSError as trouble:
        return DeviceRefused(f"{error}; it could not be kept: {trouble}", error.code)
    return DeviceRefused(
        f"{error}; compare the thumbprint with the server's own display, then: "
        f"cellgate pki trust {path.parent.parent} {path.name}",
        error.code,
    )


def _load(security: OpcUaSecurity) -> tuple[x509.Certificate, Trust]:
    try:
        own = load_certificate(security.certificate)
        if not security.private_key.is_file():
            raise DeviceRefused(f"there is no private key {security.private_key}", NO_OWN_CERTIFICATE)
        trust = Trust.load(security.trusted)
    except (OSError, ValueError) as error:
        raise DeviceRefused(f"certificates: {error}", NO_OWN_CERTIFICATE) from error
    if not application_uris(own):
        raise DeviceRefused(
            f"{security.certificate}: no application URI in the certificate", CERTIFICATE_INVALID
        )
    return own, trust


def _first(chain: bytes | None) -> bytes:
    """Return the first certificate of a chain in one piece, as servers send it.

    Raises:
        DeviceRefused: there is none.
    """
    if not chain or len(chain) < 4:
        raise DeviceRefused("the server sent no certificate", CERTIFICATE_INVALID)
    return chain[: 4 + int.from_bytes(chain[2:4], "big")]
