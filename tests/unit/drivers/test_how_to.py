"""The sites in the pages about drivers load, and their drivers can plan them."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.devices import ModbusDevice
from config.load import Loaded, load
from drivers import registry
from drivers.api import TagRef

PAGES = Path(__file__).parents[3] / "docs" / "how-to"
HEAD = "site: { name: plant-1 }\ngateway: { name: gw-1 }\n"


def _site_of(page: str, folder: Path, fence: str = "yaml", more: str = "") -> Loaded:
    blocks = re.findall(rf"```{fence}\n(.*?)```", (PAGES / page).read_text(encoding="utf-8"), re.DOTALL)
    (folder / "site.yaml").write_text(HEAD + "".join(blocks) + more, encoding="utf-8")
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


def test_the_other_ways_to_a_modbus_device(tmp_path: Path) -> None:
    tags = (
        "units: { u: { area: a, cell: c, tags: { t: { device: scales, address: { reference: 40021 } } } } }\n"
    )
    loaded = _site_of("connect-modbus.md", tmp_path, "yml", tags)
    scales, lyophilizer = (loaded.site.devices[name] for name in ("scales", "lyophilizer"))
    assert isinstance(scales, ModbusDevice)
    assert isinstance(lyophilizer, ModbusDevice)
    assert scales.serial is not None
    assert lyophilizer.tls is not None
    assert lyophilizer.port == 802
    assert lyophilizer.tls.trusted == tmp_path / "pki" / "lyophilizer-ca.pem", "relative to the file"
    assert _plan(loaded, "scales") == (1, {})


def test_the_sparkplug_sites(tmp_path: Path) -> None:
    loaded = _site_of("connect-sparkplug.md", tmp_path)
    assert _plan(loaded, "packer") == (3, {})
    (node,) = loaded.site.streams.sparkplug
    assert (node.group, node.edge_node, node.primary_host, node.historical) == ("Basel", "gw1", "scada1", 300)
    tags = "tags: { t: { kind: text } }"
    units = f"units: {{ br1: {{ area: a, cell: c, {tags} }}, br2: {{ area: a, cell: c, {tags} }} }}\n"
    (node,) = _site_of("connect-sparkplug.md", tmp_path, "yml", units).site.streams.sparkplug
    assert node.commands is not None
    assert (node.commands.user, node.commands.role, node.commands.units) == (
        "scada",
        "operator",
        ["br1", "br2"],
    )


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
