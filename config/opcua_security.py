"""Secured channels to OPC UA servers: policy, certificates, whom to trust."""

from __future__ import annotations

import enum
from pathlib import Path

from pydantic import SecretStr

from config.model import Model


class SecurityPolicy(enum.StrEnum):
    """OPC UA security policies that are still considered safe."""

    BASIC256SHA256 = "Basic256Sha256"
    AES128_SHA256_RSAOAEP = "Aes128_Sha256_RsaOaep"
    AES256_SHA256_RSAPSS = "Aes256_Sha256_RsaPss"


class SecurityMode(enum.StrEnum):
    """What the policy does to each message."""

    SIGN = "sign"
    SIGN_AND_ENCRYPT = "sign_and_encrypt"


class OpcUaSecurity(Model):
    """A secured channel. A server that does not offer exactly this is refused, never spoken to weaker."""

    policy: SecurityPolicy = SecurityPolicy.BASIC256SHA256
    mode: SecurityMode = SecurityMode.SIGN_AND_ENCRYPT
    certificate: Path
    """The gateway's own certificate (`.der` or `.pem`), its application URI in the SAN."""
    private_key: Path
    """The key of that certificate (`.pem` or `.der`)."""
    private_key_password: SecretStr | None = None
    """Password of the key file, when it has one."""
    trusted: Path
    """Folder of trusted certificates: the server's own, or of the authority that issued it. Lists of
    revoked certificates (`.crl`) lie there too. A server whose certificate is not trusted is refused."""
    rejected: Path | None = None
    """Folder that takes the certificates of servers that are not trusted, for people to look at; none is
    `rejected` beside the trusted ones."""

    @property
    def rejected_folder(self) -> Path:
        """Where certificates that are not trusted are kept."""
        return self.rejected if self.rejected is not None else self.trusted.parent / "rejected"


class OpcUaUserCertificate(Model):
    """A certificate by which a user is known, instead of a name and a password."""

    certificate: Path
    """The user's certificate (`.der` or `.pem`)."""
    private_key: Path
    """The key of that certificate (`.pem` or `.der`)."""
    private_key_password: SecretStr | None = None
    """Password of the key file, when it has one."""
