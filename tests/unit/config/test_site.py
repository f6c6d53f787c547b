"""The site: the order of its tags, the tags that loops bring, and the speed of the plant behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.devices import ModbusDevice
from config.loops import Loop
from config.quantities import Quantity
from config.site import Gateway, Site, SiteIdentity
from config.tags import Tag, TagKind
from config.units import Unit
from tests.unit.config.writing import HEAD, loaded

_TEXT = (
    HEAD.replace("devices:\n", "devices:\n  fill: {driver: modbus, host: h}\n")
    + """\
units:
  u1:
    area: a
    cell: c
    tags:
      temp.pv: {device: ua, unit: degC, format: .3f, low: 0, high: 100, address: {identifier: T}}
      valve.out: {device: ua, unit: "%", low: 0, high: 100, access: read_write, address: {identifier: V}}
    calculations:
      hot: {expression: temp.pv > 40 degC, display_name: Too hot}
      both: {expression: temp.pv - u2/temp.pv, unit: K}
    loops:
      outer: {pv: temp.pv, output: temp.sp, kp: 1, sp: 37 degC}
      temp: {pv: temp.pv, output: valve.out, kp: 1, sp: 37 degC}
  u2:
    area: a
    cell: c
    tags:
      temp.pv: {device: fill, unit: degC, address: {address: 0}}
    calculations:
      double: {expression: 2 * twice}
      twice: {expression: plain(temp.pv) * 2}
simulation:
  speed: 60
  devices: {ua: {model: bioreactor}, fill: {model: fill_line, speed: 5}}
"""
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return loaded(tmp_path, _TEXT).site


def test_tags_come_in_the_order_that_gives_them_their_index(site: Site) -> None:
    assert list(site.tags) == [
        "u1/temp.pv", "u1/valve.out", "u2/temp.pv",
        "u1/hot", "u1/both", "u2/double", "u2/twice",
        "u1/outer.sp", "u1/outer.op", "u1/outer.mode", "u1/temp.sp", "u1/temp.op", "u1/temp.mode",
    ]  # fmt: skip
    assert [site.tag_index[name] for name in site.tags] == list(range(13))


def test_derived_tags_take_unit_and_format_of_what_is_behind_them(site: Site) -> None:
    tags = site.tags
    assert (tags["u1/temp.sp"].unit, tags["u1/temp.sp"].format) == ("degC", ".3f")
    assert tags["u1/temp.op"].unit == "%"
    assert tags["u1/outer.op"].unit == "degC"
    assert tags["u1/temp.mode"].unit == ""
    assert (tags["u1/hot"].kind, tags["u1/hot"].display_name) == (TagKind.BOOL, "Too hot")


@pytest.mark.parametrize(
    ("tag", "speed"),
    [
        ("u1/temp.pv", 60.0),
        ("u2/temp.pv", 5.0),
        ("u1/hot", 60.0),
        ("u1/both", 60.0),
        ("u2/double", 5.0),
        ("u1/outer.op", 60.0),
        ("u1/temp.mode", 60.0),
    ],
)
def test_the_speed_of_a_tag_is_that_of_the_devices_behind_it(tag: str, speed: float, site: Site) -> None:
    assert site.speed_of_tag(tag) == speed


def test_a_real_plant_has_the_speed_of_the_clock(tmp_path: Path) -> None:
    text = _TEXT.partition("simulation:")[0]
    assert loaded(tmp_path, text).site.speed_of_tag("u1/both") == 1.0


def test_a_unit_that_comes_back_to_itself_is_refused() -> None:
    tags = {"t.pv": Tag(device="d"), "o": Tag(device="d")}
    loops = {
        "a": Loop(pv="u/t.pv", output="u/b.sp", kp=1, sp=Quantity(0)),
        "b": Loop(pv="u/a.op", output="u/o", kp=1, sp=Quantity(0)),
    }
    site = Site(
        site=SiteIdentity(name="s"),
        gateway=Gateway(name="g"),
        devices={"d": ModbusDevice(driver="modbus", host="h")},
        units={"u": Unit(area="a", cell="c", tags=tags, loops=loops)},
    )
    with pytest.raises(ValueError, match="takes its unit from itself"):
        _ = site.tags


def test_tags_of_a_device(site: Site) -> None:
    assert list(site.tags_of_device("ua")) == ["u1/temp.pv", "u1/valve.out"]
