"""What is ordered, and what came of it, when a running gateway's configuration is changed."""

from __future__ import annotations

from dataclasses import dataclass

from config.site import Site
from control.carry.transfer import Carried


class ChangeRefused(Exception):
    """The configuration cannot be applied; nothing has changed. The message says why."""


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants which configuration applied."""

    fingerprint: str
    """Of the configuration that was reviewed: the file on this machine must have it."""
    user: str
    command: str
    reason: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What was applied."""

    before: Site
    after: Site
    order: Order
    changes: tuple[str, ...]
    carried: Carried
    devices: tuple[str, ...]
    """Whose connections were ended or renewed."""
    gap_s: float
    """From the end of the old engine's last scan to the start of the new one."""
