"""Tag lists: CSV as spreadsheets write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.devices import ModbusAddress, RegisterType, Table
from config.quantities import Quantity
from config.tags import Access, TagKind
from tests.unit.config.writing import loaded, problems, told, unit

_SITE = unit("tag_lists: [t.csv]\n")


def test_every_kind_of_column(tmp_path: Path) -> None:
    rows = (
        "name,description,unit,kind,device,low,high,period,access,"
        "address.table,address.address,address.type,"
        "scaling.raw_low,scaling.raw_high,scaling.low,scaling.high,scaling.clamp,report.deadband,report.heartbeat\n"
        'a.pv,"Level, upper",mm,number,plc,0,2 m,1 s,read_write,'
        "holding,0x10,int16,0,4000,0,2000,true,1 mm,5 min\n"
        "b.on,,,bool,plc,,,,,coil,3,,,,,,,,\n"
    )
    tags = loaded(tmp_path, _SITE, {"t.csv": rows}).site.units["br1"].tags
    level, on = tags["a.pv"], tags["b.on"]
    assert (level.description, level.unit, level.low, level.high) == (
        "Level, upper", "mm", Quantity(0), Quantity(2, "m"),
    )  # fmt: skip
    assert (level.period, level.access) == (1.0, Access.READ_WRITE)
    assert level.address == ModbusAddress(table=Table.HOLDING, address=16, type=RegisterType.INT16)
    assert level.scaling is not None
    assert (level.scaling.raw_high, level.scaling.high, level.scaling.clamp) == (4000.0, Quantity(2000), True)
    assert (level.report.deadband, level.report.heartbeat) == (Quantity(1, "mm"), 300.0)
    assert (on.kind, on.address.type, on.period) == (TagKind.BOOL, RegisterType.BOOL, None)


@pytest.mark.parametrize(
    "text",
    [
        "name;device;address.identifier\na.pv;ua;A,B\n",
        '\ufeffname,device,address.identifier\r\na.pv,ua,"A,B"\r\n',
        '\n\n name , device ,address.identifier\n\n a.pv , ua ,"A,B"\n,,\n',
    ],
    ids=["semicolons", "Excel's UTF-8", "blanks and empty rows"],
)
def test_what_spreadsheets_write(text: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(text, encoding="utf-8", newline="")
    tags = loaded(tmp_path, _SITE).site.units["br1"].tags
    assert list(tags) == ["a.pv"]
    assert tags["a.pv"].address.identifier == "A,B"


def test_a_number_as_identifier_is_numeric(tmp_path: Path) -> None:
    rows = "name,unit,device,address.identifier\na.pv,1,ua,1001\n"
    tag = loaded(tmp_path, _SITE, {"t.csv": rows}).site.units["br1"].tags["a.pv"]
    assert tag.address.identifier == 1001
    assert tag.unit == "1"


def test_a_cell_over_several_lines_keeps_the_lines_of_the_rows_after_it(tmp_path: Path) -> None:
    rows = 'name,description,device,address.identifier,low\na.pv,"two\nlines",ua,A,0\nb.pv,,ua,B,bad\n'
    (only,) = told(tmp_path, _SITE, {"t.csv": rows})
    assert only.startswith("t.csv:4: units.br1.tags.b.pv.low: 'bad' is not a quantity")


@pytest.mark.parametrize(
    ("rows", "start"),
    [
        ("", "t.csv:1: tag_lists: the file is empty; begin with a row of column names"),
        ("tag,device\na,ua\n", "t.csv:1: tag_lists: there is no column 'name'"),
        (
            "name,devise\na,ua\n",
            "t.csv:1: tag_lists.devise: there is no column 'devise'; did you mean 'device'?",
        ),
        ("name,address.\na,ua\n", "t.csv:1: tag_lists.address.: there is no column 'address.'"),
        ("name,unit,unit\na,x,y\n", "t.csv:1: tag_lists.unit: this column stands twice"),
        (
            "name,device\na\n",
            "t.csv:2: tag_lists: the row has 1 cells, the first row 2; add or remove separators",
        ),
        ("name,device\na,ua,x\n", "t.csv:2: tag_lists: the row has 3 cells, the first row 2"),
        ("name,device\n,ua\n", "t.csv:2: tag_lists.name: the name is empty"),
        ('name,device\na,"ua\n', "t.csv:2: tag_lists: is not CSV from here on"),
        ("name,device,address.identifier\na b,ua,A\n", "t.csv:2: units.br1.tags.a b: 'a b' cannot be a name"),
        ("name,device,address.identifier,kind\na,ua,A,nubmer\n", "t.csv:2: units.br1.tags.a.kind: 'nubmer'"),
        (
            "name,device,address.identifer\na,ua,A\n",
            "t.csv:2: units.br1.tags.a.address.identifer: unknown key",
        ),
        (
            "name,device,address.identifier\na,uu,A\n",
            "t.csv:2: units.br1.tags.a.device: there is no device 'uu'",
        ),
    ],
)
def test_mistakes(rows: str, start: str, tmp_path: Path) -> None:
    found = told(tmp_path, _SITE, {"t.csv": rows})
    assert any(text.startswith(start) for text in found), found


def test_a_broken_row_is_told_with_its_column(tmp_path: Path) -> None:
    rows = "name,device,address.identifier,low\na.pv,ua,A,bad\n"
    (only,) = problems(tmp_path, _SITE, {"t.csv": rows})
    assert (only.line, only.column) == (2, 4)


def test_one_name_in_two_places(tmp_path: Path) -> None:
    site = unit("tags: {a.pv: {device: ua, address: {identifier: A}}}\ntag_lists: [t.csv, u.csv]\n")
    rows = "name,device,address.identifier\na.pv,ua,A\nb.pv,ua,B\nb.pv,ua,B\n"
    found = told(tmp_path, site, {"t.csv": rows, "u.csv": "name,device,address.identifier\nb.pv,ua,B\n"})
    assert [text.partition("; ")[0] for text in found] == [
        "t.csv:2: units.br1.tags.a.pv: is already written in plant.yaml:10",
        "t.csv:4: tag_lists.name: 'b.pv' is already written in line 3",
        "u.csv:2: units.br1.tags.b.pv: is already written in t.csv:3",
    ]


def test_a_list_that_is_not_there_and_one_that_is_not_text(tmp_path: Path) -> None:
    (only,) = told(tmp_path, _SITE)
    assert only.startswith("plant.yaml:10: tag_lists: no file ")
    (tmp_path / "t.csv").write_bytes(b"name,device\ncaf\xe9,ua\n")
    (only,) = told(tmp_path, _SITE)
    assert only.startswith("t.csv:1: tag_lists: the file is not UTF-8 text; save it as 'CSV UTF-8'")
