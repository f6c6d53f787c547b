"""Browsing finds every variable with the address that a tag would have; inspecting says what fits."""

from __future__ import annotations

import pytest

from config.tags import Access
from drivers.api import TagRef
from drivers.inspection import Offered, tag_name
from drivers.opcua.browse import browse_device
from tests.servers.opcua import NAMESPACE, OpcUaServer
from tests.unit.drivers.opcua.plant import device, opened, ref
from tests.unit.simulators.plants import running_device


async def test_finds_variables_with_type_access_and_value(plant: OpcUaServer, name: str) -> None:
    names = [f"{name}{number}" for number in range(30)]
    plant.do("add", names=names, value=2.5, writable=True)
    plant.do("add", names=[name + "text"], kind="String", value="x")
    plant.do("add", names=[name + "array"], kind="Int16", value=[1, 2])
    plant.do("behave", read=20)
    found = {each.path: each async for each in browse_device("d", device(plant.port))}
    address = {"namespace": NAMESPACE, "identifier": names[7], "browse_name": names[7], "data_type": "Double"}
    assert found[names[7]] == Offered(
        names[7], tag_name(names[7], set()), address, "Double", "number", True, 2.5
    )
    assert (found[name + "text"].kind, found[name + "text"].value) == ("text", "x")
    assert (found[name + "array"].type, found[name + "array"].kind) == ("Int16[]", "")
    assert set(names) <= set(found)
    first = found[names[0]]
    tag = ref(0, names[0]).tag.model_copy(update={"address": dict(first.address)})
    async with opened(device(plant.port), [TagRef(0, "u/t", tag)]) as driver:
        assert (await driver.read_back([0])).value.tolist() == [2.5]


async def test_what_the_standard_says_of_a_variable_is_told_with_it_and_not_beside_it() -> None:
    async with running_device(model="bioreactor") as equipment:
        found = [each async for each in browse_device("dev", device(equipment.link.port))]
    (pv,) = [each for each in found if each.path.endswith("/Temp.PV")]
    assert (pv.unit, pv.low, pv.high) == ("degC", 0.0, 60.0)
    assert [each.path for each in found if "EURange" in each.path or "EngineeringUnits" in each.path] == []


async def test_only_what_is_below_a_path(plant: OpcUaServer, name: str) -> None:
    plant.do("add_tree", folders=["Line", "Filler 1"], name="Speed", value=1.5)
    plant.do("add_tree", folders=["Line", "Filler 10"], name="Rate", value=2.5)
    found = [each async for each in browse_device("d", device(plant.port), "Line/Filler 1")]
    assert [(each.path, each.name) for each in found] == [("Line/Filler 1/Speed", "Line.Filler_1.Speed")]
    assert "guid" in found[0].address
    with pytest.raises(ValueError, match="no variable below 'Line/Filler 2'"):
        [each async for each in browse_device("d", device(plant.port), "Line/Filler 2")]


def test_names_of_tags_are_unlike_each_other() -> None:
    taken: set[str] = set()
    named = [tag_name(path, taken) for path in ("A/B c", "A/B_c", "A/B.c", "//")]
    assert named == ["A.B_c", "A.B_c_2", "A.B_c_3", "tag"]


async def test_inspecting_says_what_each_node_is_and_why_one_does_not_fit(
    plant: OpcUaServer, name: str
) -> None:
    plant.do("add", names=[name + "a"], kind="Int16", value=3)
    refs = [ref(0, name + "a"), ref(1, name + "missing"), ref(2, name + "a", access=Access.READ_WRITE)]
    async with opened(device(plant.port), refs) as driver:
        inspection = await driver.inspect()
    told = {each.tag: each for each in inspection.tags}
    assert (told[0].type, told[0].access, told[0].faults) == ("Int16", "read", ())
    assert "BadNodeIdUnknown" in told[1].faults[0]
    assert told[2].faults == ("the server does not let this user write the node",)
    assert "read 500" in inspection.facts["operations in one request"]
    assert "ms" in inspection.facts["clock"]
