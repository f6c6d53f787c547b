"""A trend of stored data, as a picture and in the terminal.

Times are UTC. A value of bad quality is a gap in the line; uncertain ones are drawn as dots, so
that nothing looks better than it is.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from control.signal import BAD, UNCERTAIN

_COLOURS = ("#1f4e79", "#b35c00", "#4d7a2a", "#7a3b69", "#5a5a5a", "#00696b")


@dataclass(frozen=True, slots=True)
class Series:
    """One tag's points in time order: arrays of one length."""

    name: str
    unit: str
    source_ns: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint32]
    steps: bool = False
    """Drawn as stairs: set-points, modes and the like hold their value until the next one."""

    def drawn(self) -> npt.NDArray[np.float64]:
        """Return the values with bad ones as gaps."""
        return np.where(self.quality >= BAD, np.nan, self.value)


def draw(series: Sequence[Series], path: Path, title: str = "") -> None:
    """Write a picture (PNG, SVG or PDF by the file's ending): one panel for each unit of measure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    panels: dict[str, list[Series]] = {}
    for one in series:
        panels.setdefault(one.unit, []).append(one)
    figure = Figure(figsize=(11, 2.0 + 2.2 * len(panels)), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    number = 0
    for axis, (unit, members) in zip(axes, panels.items(), strict=True):
        for one in members:
            colour = _COLOURS[number % len(_COLOURS)]
            number += 1
            times = one.source_ns.astype("datetime64[ns]")
            style = "steps-post" if one.steps else "default"
            axis.plot(times, one.drawn(), drawstyle=style, color=colour, linewidth=1.3, label=one.name)
            doubtful = (one.quality >= UNCERTAIN) & (one.quality < BAD)
            axis.plot(times[doubtful], one.value[doubtful], ".", color=colour, markersize=4)
        axis.set_ylabel(unit or "–")
        axis.grid(visible=True, color="#dddddd", linewidth=0.6)
        axis.legend(loc="upper right", fontsize=8, frameon=False, ncols=min(4, len(members)))
        for side in ("top", "right"):
            axis.spines[side].set_visible(False)
    locator = AutoDateLocator()
    axes[-1].xaxis.set_major_locator(locator)
    axes[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes[-1].set_xlabel("UTC")
    if title:
        figure.suptitle(title, fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def terminal(series: Sequence[Series], width: int = 100, height: int = 22) -> str:
    """Return the series as a chart of characters."""
    import plotext

    plotext.clear_figure()
    plotext.plotsize(width, height)
    plotext.theme("clear")
    start_ns = min((int(one.source_ns[0]) for one in series if len(one.source_ns)), default=0)
    for one in series:
        good = np.flatnonzero(np.isfinite(one.drawn()))
        seconds = (one.source_ns[good] - start_ns) / 1e9
        plotext.plot(seconds.tolist(), one.value[good].tolist(), label=f"{one.name} [{one.unit or '-'}]")
    began = datetime.datetime.fromtimestamp(start_ns / 1e9, datetime.UTC)
    plotext.xlabel(f"seconds since {began:%Y-%m-%d %H:%M:%S} UTC")
    text: str = plotext.build()
    return text
