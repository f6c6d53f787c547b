"""Who sends a command, and whether they may: Ed25519 signatures and the table of rights.

A subscriber of an MQTT broker cannot know who published, so every command carries a signature
over its own content. Private keys stay with their owners (a batch system, the operator's screen,
the command line's key file); the configuration holds public keys only.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from config.access import Role, User

SIGNATURE: Final = "signature"

_ALARMS: Final = frozenset(
    {"acknowledge", "reset", "shelve", "unshelve", "remove_from_service", "return_to_service"}
)
"""What the roles that operate may do with alarms, as far as the alarm's class lets them."""
_OPERATE: Final = _ALARMS | {"set_point", "mode", "output", "profile", "condition", "packml", "disarm"}
"""Whoever operates may stop the writes; to let them begin takes more."""
_SERVICE: Final = frozenset({"arm", "disable", "enable", "release"})
RIGHTS: Final[Mapping[Role, frozenset[str]]] = {
    Role.OPERATOR: _OPERATE,
    Role.SUPERVISOR: _OPERATE | _SERVICE | {"bypass", "context"},
    Role.ENGINEER: _OPERATE | _SERVICE | {"apply", "write", "tune", "autotune", "call", "force", "simulate"},
    Role.BATCH: frozenset({"set_point", "mode", "profile", "packml", "context", "call"}),
    Role.QA: frozenset(),
    Role.CLIENT: frozenset(),
}
"""Kinds of command that each role may send (G13: least privilege, no role has all)."""


class NotAuthentic(Exception):
    """The signature is missing, malformed, or not of this content by this key."""


def canonical_bytes(message: Mapping[str, Any]) -> bytes:
    """Return what is signed: the message without its signature, keys sorted, no white space."""
    return orjson.dumps({k: v for k, v in message.items() if k != SIGNATURE}, option=orjson.OPT_SORT_KEYS)


def generate_key() -> tuple[str, str]:
    """Return a new (private, public) key pair, each the base64 of its 32 bytes."""
    key = Ed25519PrivateKey.generate()
    return (
        base64.b64encode(key.private_bytes_raw()).decode(),
        base64.b64encode(key.public_key().public_bytes_raw()).decode(),
    )


def sign(message: Mapping[str, Any], private_key: str) -> dict[str, Any]:
    """Return the message with its signature.

    Raises:
        ValueError: the key is not the base64 of 32 bytes.
    """
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(private_key, validate=True))
    signature = base64.b64encode(key.sign(canonical_bytes(message))).decode()
    return {**message, SIGNATURE: signature}


def verify(message: Mapping[str, Any], public_key: str) -> None:
    """Check that the holder of the key signed exactly this message.

    Raises:
        NotAuthentic: it did not, or key or signature are malformed.
    """
    signature = message.get(SIGNATURE)
    if not isinstance(signature, str) or not signature:
        raise NotAuthentic("the command is not signed")
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), canonical_bytes(message))
    except InvalidSignature as error:
        raise NotAuthentic("the signature is not of this command by this user's key") from error
    except (ValueError, binascii.Error) as error:
        raise NotAuthentic(f"key or signature is malformed: {error}") from error


def why_not_allowed(user: User, kind: str, unit: str) -> str | None:
    """Return why the user may not send this kind of command to this unit, or None if they may."""
    if kind not in RIGHTS[user.role]:
        return f"role {user.role} may not send {kind!r} commands"
    if user.units is not None and unit not in user.units:
        return f"no rights for unit {unit!r}"
    return None
