"""The site that docs/how-to/write-a-site.md writes is one, and goes wrong as the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.load import ConfigError, load
from config.quantities import Quantity

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "write-a-site.md"
_BLOCK = re.compile(r"```(yaml|csv)\n(# (\S+)\n)(.*?)```", re.DOTALL)
_ENVIRONMENT = {"BROKER_PASSWORD": "x"}


@pytest.fixture
def site_file(tmp_path: Path) -> Path:
    for kind, heading, name, content in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        text = heading + content if kind == "yaml" else content  # CSV knows no comments
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "plant.yaml"


def test_the_site_of_the_page_loads(site_file: Path) -> None:
    result = load(site_file, _ENVIRONMENT)
    site = result.site
    assert [w.field for w in result.warnings] == ["access.users.ann.public_key"]
    assert list(site.units) == ["f1", "f2", "bath"]
    assert [site.loops[f"{unit}/temp"].kp for unit in ("f1", "f2")] == [12.0, 20.0]
    assert site.units["f2"].tags["level.pv"].high == Quantity(0.2, "m^3")
    assert len(site.tags) == 3 * 2 + 2 + 1 + 3 + 4 + 6


def test_it_goes_wrong_as_the_page_says(site_file: Path, tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    (shown,) = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    units = tmp_path / "units.yaml"
    text = units.read_text(encoding="utf-8")
    units.write_text(text.replace("address: { table: input", "adress: { table: input"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(site_file, _ENVIRONMENT)
    assert str(caught.value).replace(f"{tmp_path}/", "") == shown.strip()
