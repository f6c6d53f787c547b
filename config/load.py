"""YAML to `Site`: reads a configuration with all it includes, and says everything that is wrong.

The steps, each in a file of its own: `yaml_source` and `includes` read and merge the files,
`environment` fills in variables, `expansion` makes units whole from templates and tag lists, `draft`
makes models of the parts, `names`, `links` and `logic` give references their full names, `checks`
looks at what only shows in the whole. Each step goes on with whatever is right, so that one run tells
of every mistake; only a configuration without any becomes a `Site`.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from config.assembly import assemble, finish
from config.checks import check_all
from config.draft import make_draft
from config.environment import Environment
from config.errors import ConfigError, Findings, Problem
from config.expansion import expand
from config.includes import read_all
from config.links import link, prune
from config.logic import link_logic
from config.names import Names
from config.nodes import Map
from config.site import Site

__all__ = ["ConfigError", "Loaded", "Problem", "load"]


class Loaded(NamedTuple):
    """A configuration that is right."""

    site: Site
    warnings: tuple[Problem, ...]
    """What works and is probably not meant."""
    files: tuple[Path, ...]
    """The YAML files that were read, the one that was asked for first."""


def load(path: str | Path, environ: Mapping[str, str] = os.environ) -> Loaded:
    """Return the configuration in a file and all it includes.

    Args:
        path: the YAML file.
        environ: variables that the configuration may name as `${NAME}`.

    Raises:
        ConfigError: something is wrong; it holds every mistake that could be found.
    """
    findings = Findings()
    environment = Environment(environ)
    with _no_collection():
        root, files = read_all(Path(path), environment, findings)
        expanded = expand(root, environment, findings)
        findings.root = expanded.root
        draft = make_draft(expanded.root, findings)
        units = expanded.root.get("units")
        names = Names(units if isinstance(units, Map) else root.empty(), expanded.incomplete, findings)
        link(draft, names, findings)
        link_logic(draft, names, findings)
        prune(draft)
        check_all(assemble(draft), findings)
        if findings.count:
            raise ConfigError(findings.errors)
        return Loaded(finish(draft, findings), tuple(findings.warnings), files)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector from walking a tree that only grows: it would take most of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
