"""Access: who may command what. Keys are public: the private ones stay with their owners."""

from __future__ import annotations

import base64
import binascii
import enum
from typing import Annotated

from pydantic import AfterValidator, Field

from config.model import Model
from config.quantities import PositiveDuration


class Role(enum.StrEnum):
    """Roles and, in `RIGHTS`, what each may do."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ENGINEER = "engineer"
    QA = "qa"
    BATCH = "batch"
    CLIENT = "client"


def _ed25519(value: str) -> str:
    if not value:
        return value
    try:
        raw = base64.b64decode(value, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != 32:
        raise ValueError("is not an Ed25519 public key; give the base64 text of its 32 bytes")
    return value


PublicKey = Annotated[str, AfterValidator(_ed25519)]
"""Ed25519 public key in base64, or the empty text."""


class User(Model):
    """A person or a system that sends commands."""

    display_name: str = ""
    """Full name, as the audit trail shows it."""
    role: Role
    public_key: PublicKey
    """Ed25519 public key, base64 of its 32 bytes. A user whose key is empty is disabled: the loader
    leaves it out, so that nobody can command under its name."""
    units: list[str] | None = None
    """Units the rights hold for; none is all."""
    client: str | None = None
    """Role `client`: which of `streams.clients` it belongs to; it reads that client's tree alone."""


class AccessControl(Model):
    """Who may command."""

    users: dict[str, User] = Field(default_factory=dict)
    """People and systems that may send commands, by name."""
    max_command_age: PositiveDuration = 30.0
    """A command issued longer ago than this is refused, whatever it says of its expiry."""
