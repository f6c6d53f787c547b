"""`cellgate browse` and `cellgate check --live` against real devices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.main import app
from gateway.demo.processes import free_port
from tests.servers.opcua import NAMESPACE, OpcUaServer, asyncua_server
from tests.unit.config.writing import loaded

SITE = """\
site: {name: basel}
gateway: {name: gw1}
devices:
  plc: {driver: opcua, endpoint: 'opc.tcp://127.0.0.1:PORT/test', timeout: 2 s}
  gone: {driver: modbus, host: 127.0.0.1, port: NOBODY, timeout: 200 ms}
units:
  u:
    area: a
    cell: c
    TAGS
"""
TAGS = f"""tags:
      a.pv: {{device: plc, address: {{namespace: "{NAMESPACE}", identifier: Temp}}}}
      b.pv: {{device: plc, address: {{namespace: "{NAMESPACE}", identifier: Temp, browse_name: Pressure}}}}
      c.out: {{device: plc, access: read_write, address: {{namespace: "{NAMESPACE}", identifier: Temp}}}}
      d.pv: {{device: gone, address: {{address: 3}}}}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[OpcUaServer]:
    with asyncua_server() as running:
        running.do("add_tree", folders=["Reactor 1"], name="Level", value=12.5)
        running.do("add", names=["Temp"], value=37.0)
        running.do("add", names=["Many"], kind="Int16", value=[1, 2])
        yield running


def _site(folder: Path, server: OpcUaServer, tags: str) -> Path:
    path = folder / "plant.yaml"
    text = SITE.replace("PORT", str(server.port)).replace("NOBODY", str(free_port())).replace("TAGS", tags)
    path.write_text(text, encoding="utf-8")
    return path


def _cellgate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], env={"COLUMNS": "300"})


@pytest.mark.parametrize("suffix", [".csv", ".yaml"])
def test_what_is_browsed_is_a_configuration_that_loads(
    tmp_path: Path, server: OpcUaServer, suffix: str
) -> None:
    path = _site(tmp_path, server, TAGS)
    done = _cellgate("browse", path, "plc", "-o", tmp_path / f"found{suffix}")
    assert done.exit_code == 0, done.output
    assert "2 tags" in done.output
    assert "1 that are no plain values are left out" in done.output
    text = path.read_text(encoding="utf-8")
    if suffix == ".csv":
        text = text.replace(TAGS.strip(), "tag_lists: [found.csv]")
    else:
        content = (tmp_path / "found.yaml").read_text(encoding="utf-8")
        text = text.replace(TAGS.strip(), content.replace("\n", "\n    "))
    site = loaded(tmp_path, text).site
    assert set(site.tags) == {"u/Temp", "u/Reactor_1.Level"}
    assert site.tags["u/Temp"].address.data_type == "Double"


def test_a_tree_is_shown_and_narrowed(tmp_path: Path, server: OpcUaServer) -> None:
    path = _site(tmp_path, server, TAGS)
    shown = _cellgate("browse", path, "plc", "Reactor 1")
    assert "Reactor 1/Level" in shown.output
    assert "Temp" not in shown.output
    assert "1 found" in _cellgate("browse", path, "plc", "--match", "T*").output
    for arguments, why in (
        (("nobody",), "there is no such device; there are plc, gone"),
        (("plc", "Nowhere"), "no variable below"),
        (("gone", "all"), "is no range of registers"),
        (("plc", "-o", "x.txt"), "ends in .csv or .yaml"),
    ):
        refused = _cellgate("browse", path, *arguments)
        assert refused.exit_code
        assert why in refused.output


def test_each_tag_is_held_against_its_device(tmp_path: Path, server: OpcUaServer) -> None:
    told = _cellgate("check", "--live", _site(tmp_path, server, TAGS))
    assert told.exit_code == 1
    assert "u/b.pv: the node is called 'Temp', not 'Pressure'" in told.output
    assert "u/c.out: the server does not let this user write the node" in told.output
    assert "u/a.pv" not in told.output
    assert "gone: " in told.output
    good = _cellgate("check", "--live", _site(tmp_path, server, TAGS.partition("      b.pv")[0]))
    assert "plc: well, 1 tags" in good.output
    assert "a reading of all tags: " in good.output
