"""What a service tells systemd, which started it: ready, alive, stopping (the protocol of sd_notify).

Alive means that the work goes on, not that the process exists: a gateway whose scans stand still says
nothing, and is started anew after `WatchdogSec`. Without systemd all of this is silent.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"
_ALIVE: Final = "WATCHDOG=1"


def tell(state: str) -> None:
    """Tell systemd a state; a supervisor that is not there is no error."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # Linux's abstract names
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto(state.encode(), address)
        except OSError:
            return


def watchdog_period_s() -> float | None:
    """Return how often systemd wants to hear that this process is alive; None: it does not."""
    wanted, process = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID")
    if not wanted.isdecimal() or int(wanted) == 0 or process not in (None, str(os.getpid())):
        return None
    return int(wanted) / 1e6


async def stay_alive(progress: Callable[[], int] | None = None) -> None:
    """Tell systemd twice in each of its periods that the work goes on, until cancelled.

    Args:
        progress: a count that moves while it does; None: that this loop runs is enough.
    """
    period_s = watchdog_period_s()
    if period_s is None:
        return
    before: int | None = None
    while True:
        now = None if progress is None else progress()
        if now is None or now != before:
            tell(_ALIVE)
        before = now
        await asyncio.sleep(period_s / 2)
