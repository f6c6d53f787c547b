"""One question to a site's store, for subcommands; or a clear word why there is no answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import typer

from config.site import Site
from gateway.cli.site import stderr
from gateway.historian.api import StoreError
from gateway.historian.query import History, open_site_history

T = TypeVar("T")


def ask_or_exit(site: Site, data: Path, question: Callable[[History], T]) -> T:
    """Return what a site's history answers; say why it cannot, and exit with 1."""
    if not site.streams.historians:
        stderr.print("the site has no historian: nothing keeps its points and events", markup=False)
        raise typer.Exit(1)
    try:
        history = open_site_history(site.streams, data)
        try:
            return question(history)
        finally:
            history.close()
    except StoreError as error:
        stderr.print(f"{error} (--data names the folder)", markup=False)
        raise typer.Exit(1) from None
