"""What ECharts draws of a filling line: weights as histogram and run chart, rejects as a Pareto chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gateway.hmi.looks import Looks
from gateway.hmi.style import CHART_COLOURS
from gateway.packml.weights import Histogram, Limits

Options = dict[str, Any]


def histogram_options(found: Histogram | None, limits: Limits | None, unit: str, *, looks: Looks) -> Options:
    """Return the histogram of weights with target and limits as lines."""
    if found is None:
        return {}
    ink, rule, colour = _inks(looks)
    bars = [[middle, count] for middle, count in zip(found.middles(), found.counts, strict=True)]
    return _sized(looks.size.scale, _base(ink) | {
        "grid": {"left": 46, "right": 16, "top": 30, "bottom": 40},
        "xAxis": _axis(unit, ink, rule, "value")
        | {"min": found.edges[0], "max": found.edges[-1], "nameLocation": "middle", "nameGap": 24}
        | {"axisLabel": {"color": ink, "fontSize": 12, "showMinLabel": False, "showMaxLabel": False}},
        "yAxis": _axis("", ink, rule, "value") | {"minInterval": 1},
        "series": [
            {
                "type": "bar", "data": bars, "barWidth": "94%", "itemStyle": {"color": colour},
                "barMaxWidth": 60, "markLine": _lines(limits, "xAxis", ink, looks=looks),
            }
        ],
        "tooltip": {"trigger": "axis", "confine": True},
    })  # fmt: skip


def run_options(
    points: Sequence[tuple[float, float]], limits: Limits | None, unit: str, *, looks: Looks
) -> Options:
    """Return the run chart: one dot a weighing, in the order of time, with target and limits.

    Args:
        points: time in ms and weight.
        limits: what a vial may weigh.
        unit: of the weights.
        looks: of the page.
    """
    ink, rule, colour = _inks(looks)
    axis = _axis(unit, ink, rule, "value") | {"scale": True}
    if limits is not None:
        beyond = (limits.high - limits.low) / 8.0
        least = min([limits.low, *(weight for _, weight in points)]) - beyond
        most = max([limits.high, *(weight for _, weight in points)]) + beyond
        axis |= {"min": round(least, 4), "max": round(most, 4)}
    return _sized(looks.size.scale, _base(ink) | {
        "grid": {"left": 62, "right": 56, "top": 30, "bottom": 26},
        "xAxis": _axis("", ink, rule, "time") | {"splitLine": {"show": False}},
        "yAxis": axis,
        "series": [
            {
                "type": "scatter", "data": [list(point) for point in points], "symbolSize": 3,
                "itemStyle": {"color": colour}, "markLine": _lines(limits, "yAxis", ink, looks=looks),
            }
        ],
    })  # fmt: skip


def pareto_options(rows: Sequence[tuple[str, float, float]], unit: str, *, looks: Looks) -> Options:
    """Return a Pareto chart: causes by their count, and the share of all up to each.

    Args:
        rows: name, count, share of all up to it (0 to 1).
        unit: of the counts.
        looks: of the page.
    """
    ink, rule, colour = _inks(looks)
    share = _axis("%", ink, rule, "value") | {"min": 0, "max": 100, "splitLine": {"show": False}}
    return _sized(looks.size.scale, _base(ink) | {
        "grid": {"left": 56, "right": 46, "top": 30, "bottom": 26, "containLabel": False},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": _axis("", ink, rule, "category")
        | {
            "data": [name for name, _, _ in rows],
            "axisLabel": {"color": ink, "interval": 0, "overflow": "break", "width": 84, "fontSize": 11},
        },
        "yAxis": [_axis(unit, ink, rule, "value"), share],
        "series": [
            {
                "type": "bar", "data": [round(count, 3) for _, count, _ in rows], "barMaxWidth": 60,
                "itemStyle": {"color": colour},
                "label": {"show": True, "position": "top", "color": ink, "fontSize": 12},
            },
            {
                "type": "line", "yAxisIndex": 1, "data": [round(100.0 * share, 1) for _, _, share in rows],
                "itemStyle": {"color": ink}, "lineStyle": {"color": ink, "width": 1.2}, "symbolSize": 5,
            },
        ],
    })  # fmt: skip


def _inks(looks: Looks) -> tuple[str, str, str]:
    ink, rule = ("#dfe3e6", "#4a5157") if looks.dark else ("#23282d", "#b4b9be")
    return ink, rule, "#9aa4ad" if looks.dark else "#5b6771"


def _base(ink: str) -> Options:
    return {"animation": False, "useUTC": True, "textStyle": {"color": ink}}


_LENGTHS: Final = frozenset({"fontSize", "nameGap", "width", "left", "right", "top", "bottom", "symbolSize"})


def _sized(scale: float, options: Options) -> Options:
    """Return options with every length, in px, so many times as large."""
    return {key: _grown(scale, value, key in _LENGTHS) for key, value in options.items()}


def _grown(scale: float, value: Any, is_length: bool) -> Any:
    if isinstance(value, dict):
        return _sized(scale, value)
    if isinstance(value, list):
        return [_grown(scale, each, False) for each in value]
    return value * scale if is_length and isinstance(value, (int, float)) else value


def _axis(name: str, ink: str, rule: str, kind: str) -> Options:
    return {
        "type": kind,
        "name": name,
        "nameTextStyle": {"color": ink, "fontSize": 12},
        "axisLine": {"lineStyle": {"color": ink}},
        "axisLabel": {"color": ink, "hideOverlap": True, "fontSize": 12},
        "splitLine": {"show": kind == "value", "lineStyle": {"color": rule}},
    }


def _lines(limits: Limits | None, axis: str, ink: str, *, looks: Looks) -> Options:
    """Return target and limits as lines over a chart."""
    if limits is None:
        return {"data": []}
    solid, dashed = {"color": ink, "type": "solid"}, {"color": CHART_COLOURS[looks.dark][4], "type": "dashed"}
    values = ((limits.target, solid), (limits.low, dashed), (limits.high, dashed))
    return {
        "silent": True, "symbol": "none", "label": {"color": ink, "formatter": "{c}", "fontSize": 11},
        "data": [{axis: round(value, 4), "lineStyle": style} for value, style in values],
    }  # fmt: skip
