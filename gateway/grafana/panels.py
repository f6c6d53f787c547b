"""Panels of a Grafana dashboard as the JSON that Grafana reads (schema version 39), and where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

INFLUX: Final = {"type": "influxdb", "uid": "cellgate-influxdb"}
PROMETHEUS: Final = {"type": "prometheus", "uid": "cellgate-prometheus"}
_COLUMNS: Final = 24
_UNITS: Final = {
    "degC": "celsius",
    "%": "percent",
    "Pa": "pressurepa",
    "rpm": "rotrpm",
    "L": "litre",
    "kg": "masskg",
    "W": "watt",
    "s": "s",
    "m/s": "velocityms",
}
"""Grafana's names of units; any other is shown as a suffix."""

Panel = dict[str, Any]


def tag_query(name: str, letter: str) -> dict[str, Any]:
    """Return the query of a tag's mean in each of the chart's intervals. Bad points have no value: a gap."""
    text = name.replace("'", "\\'")
    query = f'SELECT mean("value") FROM "cellgate" WHERE "name" = \'{text}\' AND $timeFilter'  # noqa: S608
    return {
        "refId": letter,
        "datasource": INFLUX,
        "rawQuery": True,
        "query": f"{query} GROUP BY time($__interval) fill(none)",
        "alias": name,
        "resultFormat": "time_series",
    }


def trend(title: str, names: Sequence[str], unit: str) -> Panel:
    """Return a chart of tags that share a unit."""
    return {
        "type": "timeseries",
        "title": title,
        "datasource": INFLUX,
        "targets": [tag_query(name, _letter(i)) for i, name in enumerate(names)],
        "fieldConfig": {
            "defaults": {
                "unit": _UNITS.get(unit, f"suffix: {unit}" if unit else "none"),
                "custom": {"lineInterpolation": "linear", "spanNulls": False, "showPoints": "auto"},
            },
            "overrides": [
                {
                    "matcher": {"id": "byRegexp", "options": r"/\.(sp|mode)$/"},
                    "properties": [{"id": "custom.lineInterpolation", "value": "stepAfter"}],
                }
            ],
        },
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
    }


def figure(title: str, expression: str, unit: str = "none", legend: str = "") -> Panel:
    """Return a chart of a figure that a service serves for Prometheus."""
    return {
        "type": "timeseries",
        "title": title,
        "datasource": PROMETHEUS,
        "targets": [
            {"refId": "A", "datasource": PROMETHEUS, "expr": expression, "legendFormat": legend or "__auto"}
        ],
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
    }


def event_table(title: str, where: str, bucket: str | None = None) -> Panel:
    """Return a table of events that fulfil a condition, the newest first.

    `bucket`: where events are kept, if not in the data source's own.
    """
    source = '"cellgate_event"' if bucket is None else f'"{bucket}".."cellgate_event"'
    query = f'SELECT "event" FROM {source} WHERE {where} AND $timeFilter'  # noqa: S608
    return {
        "type": "table",
        "title": title,
        "datasource": INFLUX,
        "targets": [
            {
                "refId": "A",
                "datasource": INFLUX,
                "rawQuery": True,
                "query": f"{query} ORDER BY time DESC LIMIT 500",
                "resultFormat": "table",
            }
        ],
        "transformations": [
            {"id": "extractFields", "options": {"source": "event", "format": "json", "keepTime": True}}
        ],
    }


def dashboard(
    uid: str, title: str, panels: Sequence[tuple[Panel, int, int]], tags: Sequence[str]
) -> dict[str, Any]:
    """Return a dashboard; its panels (with width of 24 and height) lie in rows, in their order."""
    placed, x, y, row_height = [], 0, 0, 0
    for number, (panel, width, height) in enumerate(panels, 1):
        if x + width > _COLUMNS:
            x, y, row_height = 0, y + row_height, 0
        placed.append({**panel, "id": number, "gridPos": {"x": x, "y": y, "w": width, "h": height}})
        x, row_height = x + width, max(row_height, height)
    return {
        "uid": uid,
        "title": title,
        "tags": ["cellgate", *tags],
        "schemaVersion": 39,
        "timezone": "utc",
        "editable": True,
        "refresh": "5s",
        "time": {"from": "now-1h", "to": "now"},
        "panels": placed,
        "links": [
            {
                "type": "dashboards",
                "tags": ["cellgate"],
                "title": "Cellgate",
                "asDropdown": True,
                "keepTime": True,
            }
        ],
    }


def _letter(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else f"A{_letter(index - 26)}"
