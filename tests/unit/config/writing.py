"""Writes configurations for tests, and loads them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from config.load import ConfigError, Loaded, Problem, load

HEAD = """\
site: {name: basel}
gateway: {name: gw1, scan_period: 100 ms}
devices:
  plc: {driver: modbus, host: 127.0.0.1}
  ua: {driver: opcua, endpoint: 'opc.tcp://127.0.0.1:4840'}
"""
"""Enough of a site for units to stand in."""

UNIT = """\
units:
  br1:
    area: upstream
    cell: suite1
"""
"""The beginning of a unit; what follows is indented by four."""


def write(folder: Path, text: str, files: Mapping[str, str] | None = None) -> Path:
    """Write a configuration and the files beside it; return its path."""
    for name, content in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(content), encoding="utf-8")
    path = folder / "plant.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str, files: Mapping[str, str] | None = None, **environ: str) -> Loaded:
    """Return a configuration that must be right."""
    return load(write(folder, text, files), environ)


def problems(
    folder: Path, text: str, files: Mapping[str, str] | None = None, **environ: str
) -> tuple[Problem, ...]:
    """Return what is wrong with a configuration that must be wrong."""
    with pytest.raises(ConfigError) as caught:
        load(write(folder, text, files), environ)
    return caught.value.problems


def told(folder: Path, text: str, files: Mapping[str, str] | None = None, **environ: str) -> list[str]:
    """Return what is wrong as `file:line: field: message; fix`, with the file's name alone."""
    found = problems(folder, text, files, **environ)
    return [str(problem).replace(f"{folder}/", "") for problem in found]


def unit(body: str, head: str = HEAD) -> str:
    """Return a site with one unit, `br1`, that has the given content."""
    return head + UNIT + textwrap.indent(textwrap.dedent(body), "    ")


def warned(folder: Path, text: str, files: Mapping[str, str] | None = None, **environ: str) -> list[str]:
    """Return the warnings for a configuration that must be right, without file names."""
    return [f"{w.field}: {w.message}" for w in loaded(folder, text, files, **environ).warnings]
