"""What the subcommands share: loading a site, and where data and keys are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from config.load import ConfigError, load
from config.site import Site
from gateway.metrics.server import MetricsAddress

SiteArgument = Annotated[
    Path, typer.Argument(metavar="SITE.yaml", help="The site's configuration.", exists=True, dir_okay=False)
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data", help="Folder for journal, store and audit trail (default: $CELLGATE_DATA).", file_okay=False
    ),
]
MetricsPortOption = Annotated[
    int | None,
    typer.Option(help="Serve /metrics for Prometheus and /healthz on this port.", min=0, max=65535),
]
MetricsHostOption = Annotated[str, typer.Option(help="Address for --metrics-port.")]
EXIT_CONFIG = 2

stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def load_or_exit(path: Path) -> Site:
    """Return the checked site; print every mistake and exit with 2 where there is one."""
    try:
        return load(path).site
    except ConfigError as error:
        for problem in error.problems:
            stderr.print(str(problem), markup=False)
        stderr.print(f"{len(error.problems)} mistake(s): nothing was started", style="bold red")
        raise typer.Exit(EXIT_CONFIG) from None


def what_the_engine_cannot_run(site: Site) -> str | None:
    """Return what a site asks for that the engine does not do, or None."""
    from control.tables import TablesError, build

    try:
        build(site)
    except TablesError as error:
        return f"the engine cannot run this: {error}"
    return None


def metrics_address(host: str, port: int | None) -> MetricsAddress | None:
    """Return where figures are served, or None where nobody asked for them."""
    return None if port is None else MetricsAddress(host, port)


def data_folder(option: Path | None) -> Path:
    """Return the data folder: the option, $CELLGATE_DATA, or the user's own."""
    if option is not None:
        return option
    if configured := os.environ.get("CELLGATE_DATA"):
        return Path(configured)
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "cellgate"
