"""What opens when somebody touches a value: the faceplate of its loop, or what is known of the tag."""

from __future__ import annotations

from nicegui import ui

from config.site import Site
from gateway.hmi import faceplate, texts
from gateway.hmi.frame import Screen
from gateway.hmi.interlocks import conditions
from gateway.hmi.scales import range_of
from gateway.hmi.widgets import AlarmMark, Indicator, Refresher, Sparkline, ValueText, tag_title


def loop_of(site: Site, tag: str) -> str | None:
    """Return the loop that controls, moves or brings a tag, directly or by a split; None without one."""
    brought = tag.rpartition(".")[0]
    if brought in site.loops:
        return brought
    for name, loop in site.loops.items():
        if tag in (loop.pv, loop.output):
            return name
    for name, split in site.splits.items():
        if any(branch.output == tag for branch in split.branches):
            return loop_of(site, f"{name}.op")
    return None


def show(screen: Screen, tag: str) -> None:
    """Open it."""
    loop = loop_of(screen.desk.site, tag)
    if loop is not None:
        faceplate.show(screen, loop)
    else:
        _show_tag(screen, tag)


def _show_tag(screen: Screen, tag: str) -> None:
    site, live = screen.desk.site, screen.desk.live
    with ui.context.client.content, ui.dialog() as dialog, ui.card().classes("hmi-dialog"):
        refresher = Refresher()
        with ui.row().classes("items-center w-full no-wrap"):
            ui.label(tag_title(site, tag)).classes("text-lg font-bold")
            AlarmMark(lambda: live.alarms.by_tag().get(tag), refresher)
            ui.space()
            ui.button(texts.CLOSE, on_click=dialog.close, color=None).props("flat no-caps").classes("big")
        ui.label(tag).classes("soft")
        with ui.row().classes("items-center no-wrap gap-2 text-xl"):
            ValueText(live, tag, refresher)
            Sparkline(live, tag, refresher)
        Indicator(live, tag, refresher)
        why = ui.label().classes("soft")
        refresher.add(lambda: _tell(why, live.show(tag).why))
        for line in about(site, tag):
            ui.label(line).classes("guard")
        ui.link(texts.OPEN_TREND, f"/trend?tags={tag}&span=600").classes("nav")
        refresher.start()
    dialog.props(f'aria-label="{tag_title(site, tag)}"').on("hide", dialog.delete)
    dialog.open()


def _tell(label: ui.label, text: str) -> None:
    label.set_text(text)


def about(site: Site, tag: str) -> list[str]:
    """Return what is configured about a tag: description, range, device, alarms with actions, interlocks."""
    described = site.tags[tag]
    low, high = range_of(described)
    found = [described.description] if described.description else []
    if low > float("-inf") or high < float("inf"):
        found.append(texts.RANGE.format(low=low, high=high, unit=described.unit))
    if described.device is not None:
        found.append(texts.FROM_DEVICE.format(device=described.device))
    if tag in site.calculations:
        found.append(texts.CALCULATED.format(expression=site.calculations[tag].expression.strip()))
    for alarm in site.alarms.values():
        if alarm.tag == tag:
            limit = "" if alarm.limit is None else f" {alarm.limit}"
            found.append(f"{texts.ALARM_TYPES[alarm.type]}{limit} ({alarm.priority}): {alarm.action}")
    for name, interlock in site.interlocks.items():
        if tag in interlock.force:
            title = interlock.display_name or name
            found.append(f"{title}: {conditions(interlock.when)} → {interlock.force[tag]}")
    return found
