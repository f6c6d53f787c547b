"""`cellgate trend`: a chart of stored data, in the terminal and as a picture."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from config.quantities import QuantityError, parse_duration
from gateway.cli.site import DataOption, SiteArgument, data_folder, load_or_exit, stderr


def trend(
    site: SiteArgument,
    names: Annotated[list[str], typer.Argument(metavar="TAG...", help="Full names, as br1/temp.pv.")],
    data: DataOption = None,
    last: Annotated[str, typer.Option(help="How far back, as 10 min or 8 h.")] = "10 min",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Picture to write (.png, .svg).")
    ] = None,
    width: Annotated[int, typer.Option(help="Of the terminal's chart, in characters.", min=40)] = 110,
) -> None:
    """Draw stored values of tags: in the terminal, and as a picture where one is asked for."""
    effective = load_or_exit(site)
    unknown = [name for name in names if name not in effective.tags]
    if unknown:
        stderr.print(f"there is no tag {', '.join(unknown)}", markup=False)
        raise typer.Exit(2)
    try:
        span_s = parse_duration(last)
    except QuantityError as error:
        stderr.print(f"--last: {error}", markup=False)
        raise typer.Exit(2) from None
    from gateway import chart
    from gateway.history import read_series

    now_ns = time.time_ns()
    series = read_series(effective, data_folder(data), names, now_ns - int(span_s * 1e9), now_ns)
    if not any(len(one.source_ns) for one in series):
        stderr.print(f"nothing stored of {', '.join(names)} in the last {last}", markup=False)
        raise typer.Exit(1)
    print(chart.terminal(series, width))
    if output is not None:
        chart.draw(series, output, effective.site.display_name or effective.site.name)
        print(f"picture: {output}")
