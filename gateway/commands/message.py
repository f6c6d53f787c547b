"""What a command and its reply look like on the wire, and how a sender makes one."""

from __future__ import annotations

import time
import uuid
from typing import Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.gxp import identity

Kind = Literal[
    "set_point", "mode", "output", "acknowledge", "reset", "shelve", "unshelve", "remove_from_service",
    "return_to_service", "bypass", "tune", "profile", "arm", "write", "call", "condition", "context",
    "autotune", "apply", "disarm", "disable", "enable", "force", "simulate", "release", "packml",
]  # fmt: skip

OF_THE_GATEWAY: Final = frozenset({"apply", "arm", "disarm", "disable", "enable"})
"""Kinds that need rights for the whole gateway; they come by its own topic."""

LENGTHY: Final = frozenset({"call", "condition", "write", "packml", "arm", "disarm", "disable", "enable"})
"""Kinds that wait for a device: their reply may take as long as the device does."""


class Malformed(Exception):
    """The payload is not a command; the message says why."""


class ContextNames(BaseModel):
    """Campaign, batch and phase that a unit enters. Opaque ids, no names of clients or products."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    campaign: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9_.-]*$")
    batch: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9_.-]*$")
    phase: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9_.-]*$")


class SeenAlarm(BaseModel):
    """An alarm as somebody saw it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alarm: str = Field(min_length=1, max_length=256)
    occurrence: int


class CommandMessage(BaseModel):
    """A signed command. `signature` is over the canonical JSON of everything else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=8, max_length=64)
    user: str = Field(min_length=1, max_length=64)
    issued_ns: int
    expires_ns: int
    kind: Kind
    target: str = Field(min_length=1, max_length=256)
    """Full name of the loop (set_point, mode, output, tune), alarm (acknowledge, shelve and the like),
    alarm, interlock or first-out group (reset), interlock (bypass), set-point profile (profile), tag (write,
    force, simulate, release), `DEVICE/METHOD` (call), device (condition, disable, enable), unit (context,
    packml; acknowledge with `alarms`), or the gateway's name or a device (arm, disarm)."""
    value: float | str | None = None
    """Number, mode, PackML command or mode, or a time (bypass, shelf): seconds or a text as `15 min`."""
    duration: float | str | None = None
    """Force and simulate: after this they end by themselves; seconds or a text as `15 min`."""
    parameter: str = Field(default="", max_length=64)
    """Tune: name of the parameter, as in the configuration. Force: `manual` refuses an output whose loop is
    neither in manual nor out of service. PackML: `mode` changes the mode, without it the state."""
    parameters: dict[str, float | str] = Field(default_factory=dict, max_length=16)
    """Tune, in place of `parameter` and `value`: several that take effect together, or not at all."""
    arguments: list[bool | int | float | str] | None = Field(default=None, max_length=32)
    """Call: what the method is given, in order. Condition: its id and the id of the change that was seen."""
    occurrence: int | None = None
    """On alarms: the occurrence that was seen. Acknowledge and reset need it."""
    alarms: list[SeenAlarm] = Field(default_factory=list, max_length=500)
    """Acknowledge: a page of alarms of the target, a unit, each as it was seen."""
    context: ContextNames | None = None
    reason: str = Field(default="", max_length=1000)
    signature: str = ""

    @property
    def wanted(self) -> float | str | None:
        """What is asked for, for the record: the value, or several parameters in words."""
        return ", ".join(f"{name} {value}" for name, value in self.parameters.items()) or self.value


class Reply(BaseModel):
    """What became of a command; every command gets one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    accepted: bool
    reason: str = ""
    """Why it was refused."""
    result: float | None = None
    """The value that holds now, where there is one."""
    before: float | None = None
    """The value that held before, where there was one."""
    outputs: list[bool | int | float | str] | None = None
    """Call: what the method answered."""
    device: str = ""
    """Write: what the device said to it."""
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
