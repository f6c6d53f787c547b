"""Which certificates are trusted: a folder of them, and the checks of OPC UA Part 4, 6.1.3."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from drivers.api import DeviceRefused
from drivers.opcua.certificates import SUFFIXES, application_uris, describe, hosts, load_certificate

_log = logging.getLogger(__name__)

UNTRUSTED: Final = 0x801A_0000
TIME_INVALID: Final = 0x8014_0000
HOST_NAME_INVALID: Final = 0x8016_0000
URI_INVALID: Final = 0x8017_0000
REVOKED: Final = 0x801D_0000


class Trust:
    """The certificates of a folder, and what they vouch for."""

    def __init__(
        self, certificates: Iterable[x509.Certificate], revoked: Iterable[x509.CertificateRevocationList]
    ) -> None:
        self._certificates, self._revoked = list(certificates), list(revoked)

    @classmethod
    def load(cls, folder: Path) -> Trust:
        """Read a folder of `.der`, `.pem`, `.crt`, `.cer` and `.crl` files.

        What is no certificate vouches for nothing and is passed over; a list of revoked
        certificates that cannot be read is an error.

        Raises:
            OSError: the folder cannot be read.
            ValueError: a `.crl` file is no list of revoked certificates.
        """
        certificates: list[x509.Certificate] = []
        lists: list[x509.CertificateRevocationList] = []
        for path in sorted(path for path in folder.iterdir() if path.is_file()):
            if path.suffix == ".crl":
                lists.append(_revocations(path))
            elif path.suffix in SUFFIXES:
                try:
                    certificates.append(load_certificate(path))
                except ValueError as error:
                    _log.warning("not a certificate: file=%s reason=%s", path, error)
        return cls(certificates, lists)

    def check(self, certificate: x509.Certificate, application_uri: str, host: str) -> None:
        """Check a server's certificate.

        A certificate that lies in the folder itself is trusted whatever host name it carries; one
        that is trusted through its issuer must name the host that was asked for.

        Raises:
            DeviceRefused: it is not trusted; the code is OPC UA's own for the reason.
        """
        now = datetime.now(UTC)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise _refused(certificate, "is not valid at this time", TIME_INVALID)
        issuer = self._issuer_of(certificate)
        if certificate not in self._certificates:
            if issuer is None:
                raise _refused(certificate, "is not trusted", UNTRUSTED)
            if not issuer.not_valid_before_utc <= now <= issuer.not_valid_after_utc:
                raise _refused(certificate, "has an issuer that is not valid at this time", TIME_INVALID)
            if host not in hosts(certificate):
                raise _refused(certificate, f"is not for the host {host}", HOST_NAME_INVALID)
        if self._is_revoked(certificate, issuer):
            raise _refused(certificate, "has been revoked", REVOKED)
        if application_uri not in application_uris(certificate):
            raise _refused(certificate, f"is not for the application {application_uri}", URI_INVALID)

    def _issuer_of(self, certificate: x509.Certificate) -> x509.Certificate | None:
        return next(
            (each for each in self._certificates if _is_authority(each) and _issued(each, certificate)), None
        )

    def _is_revoked(self, certificate: x509.Certificate, issuer: x509.Certificate | None) -> bool:
        for revoked in self._revoked:
            by_issuer = issuer is not None and revoked.is_signature_valid(_public_key(issuer))
            if by_issuer and revoked.get_revoked_certificate_by_serial_number(certificate.serial_number):
                return True
        return False


def _revocations(path: Path) -> x509.CertificateRevocationList:
    content = path.read_bytes()
    pem = content.lstrip().startswith(b"-----BEGIN")
    return x509.load_pem_x509_crl(content) if pem else x509.load_der_x509_crl(content)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _public_key(certificate: x509.Certificate) -> Any:
    return certificate.public_key()


def _refused(certificate: x509.Certificate, why: str, code: int) -> DeviceRefused:
    described = describe(certificate)
    name = f"{described.subject}, thumbprint {described.thumbprint}"
    return DeviceRefused(f"the server's certificate ({name}) {why}", code)
