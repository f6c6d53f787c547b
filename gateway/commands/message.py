"""What a command and its reply look like on the wire, and how a sender makes one."""

from __future__ import annotations

import time
import uuid
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.gxp import identity

Kind = Literal["set_point", "mode", "output", "acknowledge", "reset", "arm", "write", "context"]


class Malformed(Exception):
    """The payload is not a command; the message says why."""


class ContextNames(BaseModel):
    """Campaign, batch and phase that a unit enters. Opaque ids, no names of clients or products."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    campaign: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9_.-]*$")
    batch: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9_.-]*$")
    phase: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9_.-]*$")


class CommandMessage(BaseModel):
    """A signed command. `signature` is over the canonical JSON of everything else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=8, max_length=64)
    user: str = Field(min_length=1, max_length=64)
    issued_ns: int
    expires_ns: int
    kind: Kind
    target: str = Field(min_length=1, max_length=256)
    """Full name of the loop (set_point, mode, output), alarm or interlock (acknowledge, reset),
    tag (write), unit (context), or the gateway's name (arm)."""
    value: float | str | None = None
    occurrence: int | None = None
    """Acknowledge: the occurrence of the alarm that was seen."""
    context: ContextNames | None = None
    reason: str = Field(default="", max_length=1000)
    signature: str = ""


class Reply(BaseModel):
    """What became of a command; every command gets one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    accepted: bool
    reason: str = ""
    """Why it was refused."""
    result: float | None = None
    """The value that holds now, where there is one."""
    time_ns: int

    def encode(self) -> bytes:
        """Return the reply as JSON."""
        return orjson.dumps(self.model_dump())


def decode(payload: bytes) -> tuple[CommandMessage, dict[str, Any]]:
    """Return the command and the object as it was signed.

    Raises:
        Malformed: it is not JSON, or not a command.
    """
    try:
        raw = orjson.loads(payload)
        return CommandMessage.model_validate(raw), raw
    except orjson.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error}") from error
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise Malformed(f"not a command: {where}") from error


def make(
    user: str, private_key: str, kind: Kind, target: str, *, valid_s: float = 15.0, **fields: Any
) -> dict[str, Any]:
    """Return a signed command, ready to be sent as JSON.

    Args:
        user: name of the sender in the configuration's access section.
        private_key: the sender's Ed25519 key, base64.
        kind: what to do.
        target: with what.
        valid_s: how long the command may be under way.
        fields: value, occurrence, context, reason as the kind needs.
    """
    now_ns = time.time_ns()
    message = {
        "id": str(uuid.uuid4()),
        "user": user,
        "issued_ns": now_ns,
        "expires_ns": now_ns + int(valid_s * 1e9),
        "kind": kind,
        "target": target,
        **fields,
    }
    return identity.sign(message, private_key)
