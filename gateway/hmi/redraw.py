"""Draws again and again what history fills, while somebody looks, and lets the store rest in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import background_tasks, ui

from gateway.hmi.frame import Screen

_LEISURE: Final = 5.0
"""Rests this many times as long as the last drawing took."""


def keep_drawn(
    screen: Screen, element: ui.element, draw: Callable[[], Awaitable[None]], period_s: float
) -> None:
    """Draw now and each `period_s`, until the element or its page is gone."""

    async def go_on() -> None:
        await screen.connected()
        while not element.is_deleted:
            began = time.monotonic()
            await draw()
            await asyncio.sleep(max(period_s, _LEISURE * (time.monotonic() - began)))

    task = background_tasks.create(go_on(), name="redraw")
    screen.client.on_delete(task.cancel)
