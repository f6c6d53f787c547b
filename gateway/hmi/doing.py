"""What a unit is doing, in words: PackML state and mode, phase, and the batch that it is used for."""

from __future__ import annotations

from config.screens import CleanRoomsScreen, FillingLineScreen
from gateway.batch.context import Context
from gateway.hmi import texts
from gateway.hmi.live import Live
from gateway.packml.states import EXECUTE, PRODUCTION, mode_name, state_name


def doing(live: Live, unit: str) -> tuple[str, bool]:
    """Return what a unit is doing, and whether that is the usual; an empty text where nothing tells."""
    page = live.site.units[unit].screen
    if isinstance(page, FillingLineScreen):
        return _packml(live, page)
    if page is None or isinstance(page, CleanRoomsScreen) or page.state is None:
        return "", True
    return _doubted(live, page.state, live.show(page.state).text), True


def _packml(live: Live, page: FillingLineScreen) -> tuple[str, bool]:
    state, mode = live.number(page.state), live.number(page.mode)
    words = [(state_name(state) or texts.NO_VALUE).upper(), mode_name(mode) or texts.NO_VALUE]
    reason = stop_reason(live, page)
    if reason:
        words.append(reason)
    return _doubted(live, page.state, " · ".join(words)), state == EXECUTE and mode == PRODUCTION


def stop_reason(live: Live, page: FillingLineScreen) -> str:
    """Return why a line stands, in words; empty while it does not."""
    number = None if page.stop_reason is None else live.number(page.stop_reason)
    if not number:
        return ""
    return page.stop_reasons.get(int(number), texts.REASON_NUMBER.format(number=int(number)))


def _doubted(live: Live, name: str, text: str) -> str:
    return text if live.holds(name) else text + texts.DOUBTFUL


def used_for(context: Context) -> str:
    """Return campaign, batch and phase in a line; empty outside of all of them."""
    parts = [
        f"{label} {text}"
        for label, text in (
            (texts.CAMPAIGN, context.campaign),
            (texts.BATCH, context.batch),
            (texts.PHASE, context.phase),
        )
        if text
    ]
    return " · ".join(parts)
