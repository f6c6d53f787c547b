"""The set-point profiles of a loop: how they stand, and start, hold, resume, abort."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nicegui import background_tasks, ui

from config.profiles import Segment
from gateway.hmi import texts
from gateway.hmi.frame import Screen
from gateway.hmi.question import Order, Question
from gateway.hmi.shown import age
from gateway.hmi.widgets import Refresher

_ACTIONS: Final = {
    "idle": ("start",),
    "complete": ("start",),
    "aborted": ("start",),
    "running": ("hold", "abort"),
    "held": ("resume", "abort"),
}
"""What makes sense in each state."""


def build_profiles(screen: Screen, name: str, refresher: Refresher, question: Question) -> None:
    """Make the tab of a loop."""
    site = screen.desk.site
    for full, profile in site.profiles.items():
        if profile.loop == name:
            _profile(screen, full, refresher, question)
    background_tasks.create(screen.desk.live.latest.look_back("profile", site.unit_of(name)), name="profiles")


def _profile(screen: Screen, full: str, refresher: Refresher, question: Question) -> None:
    live, profile = screen.desk.live, screen.desk.site.profiles[full]
    unit = screen.desk.site.unit_of(full)
    with ui.row().classes("items-center w-full no-wrap"):
        ui.label(profile.display_name or full).classes("section")
        state_label = ui.label().classes("num").props(f'data-profile="{full}"')
    ui.label(profile.description).classes("soft")
    segments = [ui.label(describe(s)).classes("segment") for s in profile.segments]
    with ui.row().classes("gap-2"):
        buttons = {
            action: question.button(
                texts.PROFILE_ACTIONS[action], "profile", unit, _asks(question, full, action)
            )
            for action in texts.PROFILE_ACTIONS
        }

    def refresh() -> None:
        event = live.latest.of("profile", full)
        state = "idle" if event is None else event["after"]
        cause = "" if event is None else f" ({texts.PROFILE_CAUSES[event['cause']]})"
        state_label.set_text(texts.PROFILE_STATES[state] + cause)
        at = int(event["segment"]) if event is not None and state in ("running", "held") else 0
        for number, label in enumerate(segments, 1):
            label.classes(*(("here",) if number == at else ()), remove="here")
        for action, button in buttons.items():
            button.set_visibility(action in _ACTIONS[state])

    refresher.add(refresh)


def _asks(question: Question, full: str, action: str) -> Callable[[], None]:
    text = texts.CONFIRM_PROFILE[action].format(name=full)
    return lambda: question.ask(text, Order("profile", full, {"value": action}))


def describe(segment: Segment) -> str:
    """Return what a segment does, in a line."""
    parts = [f"{segment.name}:"] if segment.name else []
    if segment.ramp_to is not None:
        parts.append(texts.SEGMENT_TO.format(goal=segment.ramp_to))
        if segment.rate is not None:
            parts.append(texts.SEGMENT_RATE.format(rate=segment.rate))
        if segment.over is not None:
            parts.append(texts.SEGMENT_OVER.format(time=age(segment.over)))
    if segment.hold is not None:
        parts.append(texts.SEGMENT_HOLD.format(time=age(segment.hold)))
    if segment.until is not None:
        parts.append(texts.SEGMENT_UNTIL.format(condition=segment.until))
    if segment.within is not None:
        parts.append(texts.SEGMENT_WITHIN.format(within=segment.within))
    if segment.timeout is not None:
        parts.append(texts.SEGMENT_TIMEOUT.format(time=age(segment.timeout), then=segment.on_timeout.value))
    return " ".join(parts)
