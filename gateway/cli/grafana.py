"""`cellgate grafana`: dashboards from the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from gateway.cli.site import SiteArgument, load_or_exit


def grafana(
    site: SiteArgument,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder that Grafana reads dashboards from.", file_okay=False),
    ],
) -> None:
    """Write Grafana's dashboards of a site: each unit, loops, alarms and events, gateway."""
    from gateway.grafana.dashboards import dashboards

    output.mkdir(parents=True, exist_ok=True)
    made = dashboards(load_or_exit(site))
    for name, document in made.items():
        (output / f"{name}.json").write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    print(f"{len(made)} dashboards in {output}")
