"""Certificates: made for the gateway and its users, and told apart by people.

RSA with SHA-256 and 2048 to 4096 bits fits all three policies that are spoken (Basic256Sha256,
Aes128_Sha256_RsaOaep, Aes256_Sha256_RsaPss), so one certificate does for every server. What an
application certificate must hold is OPC UA Part 6, 6.2.2.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SUFFIXES: Final = frozenset({".der", ".pem", ".crt", ".cer"})
"""Files that may hold a certificate."""
WARN_DAYS: Final = (60, 30, 7)
"""A certificate that ends is told of when so many days are left."""
_BACKDATED: Final = timedelta(hours=1)  # clocks of servers are not all alike


@dataclass(frozen=True, slots=True)
class Description:
    """What people compare of a certificate."""

    subject: str
    issuer: str
    uris: tuple[str, ...]
    hosts: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    thumbprint: str
    """SHA-1 of the certificate, as OPC UA servers show it."""
    fingerprint: str
    """SHA-256 of the certificate."""

    def days_left(self, now: datetime) -> float:
        """Return how many days it still holds; negative when it has ended."""
        return (self.not_after - now) / timedelta(days=1)


def load_certificate(path: Path) -> x509.Certificate:
    """Read a certificate, PEM or DER.

    Raises:
        OSError: there is no such file.
        ValueError: it is no certificate.
    """
    content = path.read_bytes()
    pem = content.lstrip().startswith(b"-----BEGIN")
    return x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)


def application_uris(certificate: x509.Certificate) -> list[str]:
    """Return the application URIs that a certificate is for."""
    names = _names(certificate)
    return names.get_values_for_type(x509.UniformResourceIdentifier) if names is not None else []


def hosts(certificate: x509.Certificate) -> set[str]:
    """Return the host names and addresses that a certificate is for."""
    names = _names(certificate)
    if names is None:
        return set()
    return {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}


def describe(certificate: x509.Certificate) -> Description:
    """Return what people compare of a certificate."""
    return Description(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        uris=tuple(application_uris(certificate)),
        hosts=tuple(sorted(hosts(certificate))),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        thumbprint=certificate.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 - the name of it
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex().upper(),
    )


def make_certificate(
    name: str, uri: str, names: Sequence[str], *, days: int, bits: int
) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    """Make a self-signed certificate and its key.

    Args:
        name: common name.
        uri: application URI; empty for a user's certificate, which has none.
        names: host names and addresses of the gateway.
        days: how long it holds.
        bits: length of the key, 2048 to 4096.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    alternatives: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri)] if uri else []
    alternatives += [_host(each) for each in names]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(key, hashes.SHA256()), key


def save(certificate: x509.Certificate, key: rsa.RSAPrivateKey, at: Path) -> tuple[Path, Path]:
    """Write `NAME.pem` and `NAME.key.pem` (readable by the owner alone); return both paths.

    Raises:
        FileExistsError: one of them is there already: a key is never overwritten.
        OSError: they cannot be written.
    """
    at.parent.mkdir(parents=True, exist_ok=True)
    certificate_file, key_file = at.with_name(f"{at.name}.pem"), at.with_name(f"{at.name}.key.pem")
    for path in (certificate_file, key_file):
        if path.exists():
            raise FileExistsError(f"{path} exists already")
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return certificate_file, key_file


def _names(certificate: x509.Certificate) -> x509.SubjectAlternativeName | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=True,
        data_encipherment=True,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
