"""What the health page shows, from what the services publish about themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from config.site import Site
from gateway.hmi import texts
from gateway.hmi.latency import Latency
from gateway.hmi.shown import Shown, State, age
from gateway.subscriber import Subscriber

Document = Mapping[str, Any]
Figures = dict[str, str]


def device_rows(
    site: Site, health: Document, show: Callable[[str], Shown], latency_of: Callable[[str], Latency | None]
) -> list[dict[str, Any]]:
    """Return a line for each device.

    Args:
        site: says which tags a device has.
        health: the gateway's document.
        show: returns how a tag is shown now.
        latency_of: returns how long a device's values take to the screens.
    """
    devices: Mapping[str, Document] = health.get("acquisition", {}).get("devices", {})
    states: dict[str, Counter[State]] = {name: Counter() for name in devices}
    for name, tag in site.tags.items():
        if tag.device in states:
            states[tag.device][show(name).state] += 1
    return [
        {
            "name": f"{_title(site, name)} ({name})",
            "state": str(device["state"]),
            "quality": _shares(states[name]),
            "latency": _latency(latency_of(name)),
            "age": texts.NO_VALUE if device["age_s"] is None else f"{device['age_s']:.1f} s",
            "clock": _offset(device.get("facts", {}).get("clock_offset_s")),
            "samples": f"{device['samples']:,}",
            "written": f"{device['written']:,}",
            "failed": device["write_failures"],
            "reason": device["reason"] or "",
        }
        for name, device in devices.items()
    ]


def scan_figures(health: Document) -> Figures:
    """Return how scans go."""
    found = _named(health.get("engine", {}), texts.SCAN_FIGURES)
    lags = health.get("loop_lag_ms", {})
    return found | {texts.LOOP_LAG.format(loop=loop): number(lag) for loop, lag in lags.items()}


def histogram(health: Document, what: str) -> list[tuple[str, int, float]]:
    """Return the classes that have scans, and those between: title, scans, share of the fullest class.

    Args:
        health: the gateway's document.
        what: `lateness` or `duration`.
    """
    document = health.get("scan_histogram")
    counts: list[int] = document[what] if document else []
    filled = [place for place, count in enumerate(counts) if count]
    if not document or not filled:
        return []
    bounds = [_microseconds(bound) for bound in document["bounds_us"]]
    titles = [f"≤ {bound}" for bound in bounds] + [f"{texts.MORE_THAN} {bounds[-1]}"]
    places = range(filled[0], filled[-1] + 1)
    return [(titles[place], counts[place], counts[place] / max(counts)) for place in places]


def stream_figures(site: Site, health: Document) -> Figures:
    """Return how the way from report to store is."""
    journal = health.get("journal", {})
    found: Figures = {}
    if journal:
        depth = sum(head - journal["first"][partition] + 1 for partition, head in journal["heads"].items())
        found[texts.JOURNAL_DEPTH] = number(depth)
        most = site.streams.journal.max_bytes / 1e6
        found[texts.JOURNAL_SIZE.format(most=most)] = f"{journal['bytes'] / 1e6:,.1f}"
    found |= _named(journal, texts.JOURNAL_FIGURES)
    return found | _named(health.get("forward", {}), texts.FORWARD_FIGURES)


def service_figures(subscriber: Subscriber, link: str, now_ns: int) -> Figures:
    """Return how broker, gateway and historians are."""
    found = {
        texts.BROKER: texts.BROKER_STATES[subscriber.client.connected],
        texts.GATEWAY: texts.LINK[link],
        texts.CONFIGURATION: str(subscriber.gateway.get("config", texts.NO_VALUE)),
        texts.NOT_UNDERSTOOD: number(subscriber.malformed),
    }
    for name, historian in subscriber.historians.items():
        heard = age((now_ns - historian.get("time_ns", 0)) / 1e9)
        state = texts.WELL if historian.get("well") else texts.NOT_WELL
        online = historian.get("online")
        found[texts.HISTORIAN_STATE.format(name=name)] = (
            state if online else texts.HISTORIAN_OFFLINE
        ).format(age=heard)
        hot, store = historian.get("hot", {}), historian.get("store", {})
        trouble = hot.get("trouble") or store.get("trouble") or ""
        facts = {**historian, "waiting": hot.get("waiting_for_store", 0), "trouble": trouble}
        shown = _named(facts, texts.HISTORIAN_FIGURES)
        found |= {f"{name}: {title}": text for title, text in shown.items() if text}
    return found


def clock_figures(site: Site, health: Document, arrived_after_s: float | None) -> Figures:
    """Return how far clocks are from one another, as far as anybody knows.

    Args:
        site: for the names of devices.
        health: the gateway's document.
        arrived_after_s: age of the document when it arrived here; None before the first.
    """
    clock = health.get("clock")
    state = texts.CLOCK_UNKNOWN
    if clock:
        bound_s = clock["error_bound_s"]
        state = (
            texts.SYNCHRONISED.format(ms=(bound_s or 0) * 1e3)
            if clock["synchronised"]
            else texts.NOT_SYNCHRONISED
        )
    found = {texts.GATEWAY_CLOCK: state}
    if arrived_after_s is not None:
        found[texts.CLOCK_AGAINST_OURS] = texts.CLOCK_OFFSET.format(ms=arrived_after_s * 1e3)
    devices: Mapping[str, Document] = health.get("acquisition", {}).get("devices", {})
    for name, device in devices.items():
        offset_s = device.get("facts", {}).get("clock_offset_s")
        if offset_s is not None:
            found[texts.CLOCK_OF.format(device=_title(site, name))] = _offset(offset_s)
    return found


def number(value: Any) -> str:
    """Return a figure as people read it."""
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _named(document: Document, titles: Mapping[str, str]) -> Figures:
    found = {}
    for key, title in titles.items():
        value = document.get(key)
        if value is not None:
            found[title] = number(len(value) if isinstance(value, list | dict) else value)
    return found


def _title(site: Site, device: str) -> str:
    return site.devices[device].display_name or device if device in site.devices else device


def _shares(states: Counter[State]) -> str:
    bad = states[State.BAD] + states[State.STALE] + states[State.NONE]
    return texts.QUALITY_SHARES.format(good=states[State.GOOD], uncertain=states[State.UNCERTAIN], bad=bad)


def _latency(latency: Latency | None) -> str:
    if latency is None:
        return texts.NO_VALUE
    return f"{latency.median_s * 1e3:,.0f} ms ({latency.worst_s * 1e3:,.0f} ms)"


def _offset(offset_s: float | None) -> str:
    return texts.NO_VALUE if offset_s is None else texts.CLOCK_OFFSET.format(ms=offset_s * 1e3)


def _microseconds(bound_us: int) -> str:
    return f"{bound_us} µs" if bound_us < 1000 else f"{bound_us // 1000} ms"
