"""Coming and going: log in, lock, unlock, log out, another password. All of it is recorded."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from gateway.hmi import texts
from gateway.hmi.access_record import Act
from gateway.hmi.accounts import Account, BadPassword
from gateway.hmi.desk import Desk, Viewer

_log = logging.getLogger(__name__)
_LONGEST_NAME: Final = 64
_LONGEST_PASSWORD: Final = 1024


async def log_in(desk: Desk, browser: str, address: str, name: str, password: str) -> str:
    """Log in; return what is wrong, or an empty text."""
    before = desk.locked_user(browser)
    act: Act = "unlock" if before == name else "log_in"
    account, wrong = await _prove(desk, act, address, name, password)
    if account is None:
        return wrong
    if before == name:
        desk.sessions.unlock(browser, account.proof, time.time())
    else:
        desk.sessions.open(browser, name, account.proof, time.time())
    await _record(desk, act, name, "done", address)
    return ""


async def lock(desk: Desk, viewer: Viewer, address: str) -> None:
    """Lock the viewer's session."""
    if viewer.name is not None:
        desk.sessions.lock(viewer.browser, time.time())
        await _record(desk, "lock", viewer.name, "done", address)


async def log_out(desk: Desk, viewer: Viewer, address: str) -> None:
    """End the viewer's session."""
    if viewer.name is not None:
        desk.sessions.close(viewer.browser, time.time())
        await _record(desk, "log_out", viewer.name, "done", address)


async def change_password(desk: Desk, viewer: Viewer, address: str, old: str, new: str) -> str:
    """Give the viewer the password they chose; return what is wrong, or an empty text."""
    if viewer.name is None:
        return texts.LOGIN_TO_ACT
    account, wrong = await _prove(desk, "change_password", address, viewer.name, old)
    if account is None:
        return wrong
    try:
        changed = await asyncio.to_thread(desk.accounts.change, viewer.name, old, new[:_LONGEST_PASSWORD])
    except BadPassword as error:
        await _record(desk, "change_password", viewer.name, f"refused: {error}", address)
        return texts.BAD_PASSWORDS[str(error)]
    # Sessions that began with the old password end; this one knows the new one.
    desk.sessions.unlock(viewer.browser, changed.proof, time.time())
    await _record(desk, "change_password", viewer.name, "done", address)
    return ""


async def _prove(desk: Desk, act: Act, address: str, name: str, password: str) -> tuple[Account | None, str]:
    """Return the login whose password this is, or None and what is wrong."""
    name = name[:_LONGEST_NAME]
    wait_s = desk.throttle.wait_s(name, address, time.monotonic())
    if wait_s > 0:
        desk.record.counts[act, "throttled"] += 1  # in no trail: whoever guesses must not fill the disk
        return None, texts.TOO_MANY.format(seconds=wait_s)
    # Counted before it is known: attempts at the same time must not all get through.
    desk.throttle.failed(name, address, time.monotonic())
    account = await asyncio.to_thread(desk.accounts.log_in, name, password[:_LONGEST_PASSWORD])
    if account is None:
        await _record(desk, act, name, "refused: wrong user or password", address)
        return None, texts.WRONG_LOGIN
    desk.throttle.succeeded(name, address)
    if name not in desk.site.access.users:
        await _record(desk, act, name, "refused: not in the configuration", address)
        return None, texts.NOT_IN_CONFIG
    return account, ""


async def _record(desk: Desk, act: Act, user: str, outcome: str, address: str) -> None:
    _log.info("%s: %s", act, outcome, extra={"user": user, "address": address})
    await asyncio.to_thread(lambda: desk.record.append(act, user, outcome, address=address))
