"""Access: who may command what. Keys are public: the private ones stay with their owners."""

from __future__ import annotations

import enum

from config.model import Model
from config.quantities import Duration


class Role(enum.StrEnum):
    """Roles and, in `RIGHTS`, what each may do."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ENGINEER = "engineer"
    QA = "qa"
    BATCH = "batch"
    CLIENT = "client"


class User(Model):
    """A person or a system that sends commands."""

    display_name: str = ""
    role: Role
    public_key: str
    """Ed25519 public key, base64 of its 32 bytes."""
    units: list[str] | None = None
    """Units the rights hold for; none is all."""


class AccessControl(Model):
    """Who may command."""

    users: dict[str, User] = {}
    max_command_age: Duration = 30.0
    """A command issued longer ago than this is refused, whatever it says of its expiry."""
