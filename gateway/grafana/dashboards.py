"""The dashboards of a site: one for each unit, for all loops, for alarms and events, for the gateway."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from config.site import Site
from config.streams import InfluxStore
from config.tags import TagKind
from gateway.grafana.panels import Panel, dashboard, event_table, figure, trend

_AT_ONCE: Final = 8
"""Lines in one chart."""
_ENDS: Final = (".sp", ".op", ".mode")


def dashboards(site: Site) -> dict[str, dict[str, Any]]:
    """Return every dashboard by the name of its file."""
    made = {f"unit-{unit}": _unit(site, unit) for unit in site.units}
    made["loops"] = _all_loops(site)
    made["alarms"] = _alarms(site)
    made["gateway"] = _gateway(site)
    return made


def _uid(site: Site, name: str) -> str:
    return hashlib.sha256(f"{site.site.name}/{name}".encode()).hexdigest()[:16]


def _events_bucket(site: Site) -> str | None:
    """Return where the site's first InfluxDB keeps events, if apart from the points."""
    stores = (historian.store for historian in site.streams.historians)
    return next((store.events_bucket for store in stores if isinstance(store, InfluxStore)), None)


def _unit(site: Site, unit: str) -> dict[str, Any]:
    panels: list[tuple[Panel, int, int]] = []
    loops = [name for name in site.loops if site.unit_of(name) == unit]
    panels += [(panel, 12, 8) for name in loops for panel in _loop(site, name)]
    covered = {site.loops[name].pv for name in loops} | {site.loops[name].output for name in loops}
    panels += [(panel, 12, 8) for panel in _others(site, unit, covered)]
    panels.append((event_table("Events", f"\"unit\" = '{unit}'", _events_bucket(site)), 24, 8))
    title = f"{site.units[unit].display_name or unit} ({unit})"
    return dashboard(_uid(site, f"unit-{unit}"), title, panels, [site.units[unit].area])


def _loop(site: Site, name: str) -> Iterator[Panel]:
    """Yield a loop's chart of PV and set-point, and of its output."""
    loop = site.loops[name]
    yield trend(f"{name}: PV and set-point", [loop.pv, f"{name}.sp"], site.tags[loop.pv].unit)
    output = site.tags.get(f"{name}.op")
    yield trend(f"{name}: output", [f"{name}.op"], "" if output is None else output.unit)


def _others(site: Site, unit: str, covered: set[str]) -> Iterator[Panel]:
    """Yield charts of the tags that no loop shows, those of one unit of measure together."""
    by_measure: dict[str, list[str]] = {}
    for name, tag in site.tags.items():
        shown = site.unit_of(name) == unit and name not in covered and not name.endswith(_ENDS)
        if shown and tag.kind is not TagKind.TEXT:
            by_measure.setdefault(tag.unit, []).append(name)
    for measure, names in by_measure.items():
        for start in range(0, len(names), _AT_ONCE):
            part = names[start : start + _AT_ONCE]
            yield trend(", ".join(n.split("/", 1)[1] for n in part), part, measure)


def _all_loops(site: Site) -> dict[str, Any]:
    panels = [(panel, 12, 7) for name in site.loops for panel in _loop(site, name)]
    return dashboard(_uid(site, "loops"), "Loops", panels, [])


def _alarms(site: Site) -> dict[str, Any]:
    tables = [
        ("Alarms", "\"type\" = 'alarm'", 24, 12),
        ("Commands", "\"type\" = 'command'", 12, 10),
        ("Interlocks and bypasses", "(\"type\" = 'interlock' OR \"type\" = 'bypass')", 12, 10),
        ("Devices, journal, gateway", '"type" =~ /^(device|journal|gap|gateway)$/', 24, 10),
    ]
    bucket = _events_bucket(site)
    panels = [(event_table(title, where, bucket), width, height) for title, where, width, height in tables]
    return dashboard(_uid(site, "alarms"), "Alarms and events", panels, [])


def _gateway(site: Site) -> dict[str, Any]:
    charts = [
        figure("Scans", "rate(cellgate_scans_total[1m])", "hertz"),
        figure("Periods missed", "increase(cellgate_scan_overruns_total[5m])"),
        figure("How late scans begin", "cellgate_scan_lateness_seconds", "s", "{{quantile}}"),
        figure("How long scans take", "cellgate_scan_duration_seconds", "s", "{{quantile}}"),
        figure("Devices connected", "cellgate_device_connected", "bool_on_off", "{{device}}"),
        figure("Age of the last good sample", "cellgate_device_age_seconds", "s", "{{device}}"),
        figure("Samples", "rate(cellgate_device_samples_total[1m])", "short", "{{device}}"),
        figure(
            "Writes that failed", "increase(cellgate_device_write_failures_total[5m])", "short", "{{device}}"
        ),
        figure("Journal", "cellgate_journal_bytes", "bytes"),
        figure("Messages without a historian's word", "cellgate_journal_waiting", "short", "{{partition}}"),
        figure("Records lost", "increase(cellgate_journal_lost_total[1h])"),
        figure("Points stored", "rate(cellgate_historian_points_stored_total[1m])"),
        figure("Messages that wait for the store", "cellgate_historian_waiting_for_store"),
        figure("Commands", "increase(cellgate_commands_total[5m])", "short", "{{verdict}}"),
        figure("Lag of event loops", "cellgate_loop_lag_seconds", "s", "{{loop}}"),
    ]
    return dashboard(_uid(site, "gateway"), "Gateway", [(chart, 8, 7) for chart in charts], [])
