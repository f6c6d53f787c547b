"""Who the gateway is for a server: nobody, a name with a password, or a certificate. Never less.

A server that does not take the configured kind of identity is refused: there is no way from a
certificate or a name down to an anonymous session.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto import security_policies
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from config.opcua import OpcUaDevice
from config.opcua_security import OpcUaUserCertificate
from drivers.api import DeviceRefused
from drivers.opcua.certificates import load_certificate
from drivers.opcua.security import Within

TOKEN_REJECTED: Final = 0x8021_0000
TOKEN_INVALID: Final = 0x8020_0000


async def activate(client: Client, device: OpcUaDevice, within: Within) -> None:
    """Activate the session as whom the configuration says.

    Raises:
        DriverError: the server refuses, does not take this kind of identity, or a password would be
            sent readable.
    """
    if device.user_certificate is not None:
        _check_is_offered(client, ua.UserTokenType.Certificate, "user certificates")
        certificate, key = await asyncio.to_thread(_load, device.user_certificate)
        client.user_private_key = key
        await within("activate session", lambda: client.activate_session(certificate=certificate))
    elif device.username is not None:
        username, password = device.username, device.password
        _check_is_offered(client, ua.UserTokenType.UserName, "user names")
        check_password_is_safe(client, device)
        secret = password.get_secret_value() if password is not None else ""
        await within("activate session", lambda: client.activate_session(username, secret))
    else:
        await within("activate session", client.activate_session)


def check_password_is_safe(client: Client, device: OpcUaDevice) -> None:
    """Refuse to send a password that anybody on the wire could read.

    Raises:
        DeviceRefused: neither channel nor token policy encrypts, and the configuration forbids that.
    """
    encrypted = client.security_policy.Mode == ua.MessageSecurityMode.SignAndEncrypt
    token = client.server_policy(ua.UserTokenType.UserName).SecurityPolicyUri
    if (
        encrypted
        or device.plain_password
        or token not in {None, "", security_policies.SecurityPolicyNone.URI}
    ):
        return
    raise DeviceRefused(
        "the password would be sent readable: configure security, or allow it with plain_password",
        TOKEN_REJECTED,
    )


def _check_is_offered(client: Client, kind: ua.UserTokenType, what: str) -> None:
    policies: Any = client._policy_ids  # noqa: SLF001 - the only place where the library keeps them
    offered = {policy.TokenType for policy in policies}
    if kind not in offered:
        names = ", ".join(sorted(each.name for each in offered)) or "nothing"
        raise DeviceRefused(f"the server takes no {what} (it takes {names})", TOKEN_REJECTED)


def _load(wanted: OpcUaUserCertificate) -> tuple[x509.Certificate, Any]:
    password = wanted.private_key_password
    try:
        certificate = load_certificate(wanted.certificate)
        secret = None if password is None else password.get_secret_value().encode()
        content = wanted.private_key.read_bytes()
        pem = content.lstrip().startswith(b"-----BEGIN")
        key = load_pem_private_key(content, secret) if pem else load_der_private_key(content, secret)
    except (OSError, ValueError, TypeError) as error:
        raise DeviceRefused(f"user certificate: {error}", TOKEN_INVALID) from error
    return certificate, key
