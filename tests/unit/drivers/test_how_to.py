"""The sites in the pages about drivers load, and their drivers can plan them."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.load import Loaded, load
from drivers import registry
from drivers.api import TagRef

PAGES = Path(__file__).parents[3] / "docs" / "how-to"
HEAD = "site: { name: plant-1 }\ngateway: { name: gw-1 }\n"


def _site_of(page: str, folder: Path) -> Loaded:
    blocks = re.findall(r"```yaml\n(.*?)```", (PAGES / page).read_text(encoding="utf-8"), re.DOTALL)
    (folder / "site.yaml").write_text(HEAD + "".join(blocks), encoding="utf-8")
    return load(folder / "site.yaml", {})


def _plan(loaded: Loaded, device: str) -> tuple[int, dict[int, str]]:
    tags = loaded.site.tags_of_device(device)
    driver = registry.create(device, loaded.site.devices[device])
    return len(tags), dict(driver.plan([TagRef(n, name, tag) for n, (name, tag) in enumerate(tags.items())]))


def test_the_modbus_site(tmp_path: Path) -> None:
    loaded = _site_of("connect-modbus.md", tmp_path)
    (warning,) = loaded.warnings
    assert "has no watchdog" in warning.message, "the page names one further down"
    assert _plan(loaded, "chiller") == (4, {})


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example's package as pip leaves it, from its own pyproject.toml."""
    project = tomllib.loads((PAGES / "line-driver" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    metadata = tmp_path / "cellgate_line-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1.0\n")
    points = project["entry-points"][registry.GROUP]
    lines = "".join(f"{name} = {target}\n" for name, target in points.items())
    (metadata / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{lines}")
    for folder in (tmp_path, PAGES / "line-driver"):
        monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    registry.available.cache_clear()
    yield
    registry.available.cache_clear()
    sys.modules.pop("cellgate_line", None)


@pytest.mark.usefixtures("_installed")
def test_the_site_of_the_example(tmp_path: Path) -> None:
    loaded = _site_of("write-a-driver.md", tmp_path)
    assert loaded.warnings == ()
    assert _plan(loaded, "balance") == (1, {})
