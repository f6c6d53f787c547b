"""Nodes by path, Guid and bytes; names and types verified; elements, fields and enumerations."""

from __future__ import annotations

import base64
import math
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.tags import Access, TagKind
from control.signal import BAD, CONFIG, GOOD
from drivers.api import Write
from drivers.opcua.paths import escaped, split
from drivers.opcua.ranges import NO_RANGES
from tests.servers.opcua import OpcUaServer
from tests.unit.config.writing import told
from tests.unit.drivers.opcua.plant import Seen, device, follow, opened, ref


@given(st.lists(st.tuples(st.booleans(), st.text(min_size=1)), max_size=4))
def test_a_path_is_what_its_names_were(names: list[tuple[bool, str]]) -> None:
    shown = "/".join(("0:" if standard else "") + spelt(standard, name) for standard, name in names)
    assert split(shown) == names


def spelt(standard: bool, name: str) -> str:
    """A name that begins like a prefix, and has none, has it escaped."""
    plain = escaped(name)
    return plain if standard or not plain.startswith("0:") else f"&{plain}"


def test_an_empty_step_is_no_name() -> None:
    assert split("/Plant//Reactor 1/Temp/") == [(False, "Plant"), (False, "Reactor 1"), (False, "Temp")]


@pytest.mark.parametrize("subscribe", [True, False], ids=["followed", "polled"])
async def test_a_node_is_found_by_its_path(plant: OpcUaServer, name: str, subscribe: bool) -> None:
    plant.do("add_tree", folders=["Plant", "Reactor/1"], name=f"{name}Temp", value=37.5)
    refs = [
        ref(0, "", path=f"Plant/Reactor&/1/{name}Temp", browse_name=f"{name}Temp"),
        ref(1, "", path="Plant/Reactor 2/Temp"),
        ref(2, "", path="0:Server/0:ServerStatus/0:BuildInfo/0:ProductName", kind=TagKind.TEXT),
    ]
    seen = Seen()
    async with opened(device(plant.port, subscribe=subscribe), refs) as driver:
        if subscribe:
            await follow(driver, seen, lambda: seen.keep_alives > 0)
        else:
            seen(await driver.read())
    assert (seen.last(0), seen.qualities[0][-1]) == (37.5, GOOD)
    assert set(seen.qualities[1]) == {BAD | CONFIG}
    assert seen.statuses[1][-1] == 0x806F_0000
    assert seen.texts[2][-1]


async def test_a_node_is_found_by_guid_and_by_bytes(plant: OpcUaServer, name: str) -> None:
    guid, opaque = uuid.uuid4(), uuid.uuid4().bytes
    plant.do("add_named", kind="Guid", identifier=str(guid), name="g", value=1.5)
    plant.do("add_named", kind="ByteString", identifier=opaque.hex(), name="o", value=2.5)
    refs = [ref(0, "", guid=guid), ref(1, "", opaque=base64.b64encode(opaque).decode())]
    async with opened(device(plant.port), refs) as driver:
        assert (await driver.read_back([0, 1])).value.tolist() == [1.5, 2.5]


async def test_a_node_that_is_called_otherwise_never_feeds_a_tag(plant: OpcUaServer, name: str) -> None:
    """Complaint 7: numeric identifiers had shifted, and wrong tags were logged."""
    plant.do("add", names=[name + "a", name + "b"], value=4.0)
    refs = [
        ref(0, name + "a", browse_name=name + "b"),
        ref(1, name + "a", browse_name=name + "a", data_type="Double"),
        ref(2, name + "b", data_type="Float"),
    ]
    seen = Seen()
    async with opened(device(plant.port), refs) as driver:
        await follow(driver, seen, lambda: seen.keep_alives > 0)
    assert [seen.qualities[at][-1] for at in range(3)] == [BAD | CONFIG, GOOD, BAD | CONFIG]
    assert math.isnan(seen.last(0))
    assert math.isnan(seen.last(2))


async def test_elements_of_arrays_are_tags(plant: OpcUaServer, name: str) -> None:
    plant.do("add", names=[name + "a"], kind="Int32", value=[10, 11, 12], writable=True)
    plant.do("add", names=[name + "big"], kind="UInt64", value=[1, 2**60 + 1])
    plant.do("add", names=[name + "t"], kind="String", value=["x", "y"])
    plant.do("add", names=[name + "s"], value=1.0)
    refs = [
        ref(0, name + "a", index=0, access=Access.READ_WRITE),
        ref(1, name + "a", index=2, access=Access.READ_WRITE),
        ref(2, name + "a", index=7),
        ref(3, name + "a"),
        ref(4, name + "big", index=1),
        ref(5, name + "t", index=1, kind=TagKind.TEXT),
        ref(6, name + "s", index=0),
    ]
    seen = Seen()
    async with opened(device(plant.port), refs) as driver:
        (result,) = await driver.write([Write(1, 99)])
        assert result.error == NO_RANGES, "it would have replaced the whole array"
        await follow(driver, seen, lambda: seen.keep_alives > 0)
    assert plant.do("get", name=name + "a")[0] == [10, 11, 12]
    assert (seen.last(0), seen.last(1)) == (10.0, 12.0)
    assert [seen.qualities[at][-1] for at in (2, 3, 6)] == [BAD | CONFIG] * 3
    assert (seen.texts[4][-1], seen.texts[5][-1]) == (2**60 + 1, "y")


async def test_fields_of_structures_are_tags(plant: OpcUaServer) -> None:
    plant.do("add_structure", name="D1", speed=1450.5, state=3, label="main")
    plant.do("add_structure", name="D2", speed=-1.0, state=0, label="")
    refs = [
        ref(0, "D1", field="Motor.Speed", data_type="Double"),
        ref(1, "D1", field="State", kind=TagKind.BOOL),
        ref(2, "D1", field="Label", kind=TagKind.TEXT),
        ref(3, "D2", field="Motor.Speed", access=Access.READ_WRITE),
        ref(4, "D2", field="Label", kind=TagKind.TEXT),
        ref(5, "D1", field="Motor.Colour"),
        ref(6, "D1", field="Motor.Starts"),
        ref(7, "D1", field="Label"),
        ref(8, "D1"),
    ]
    seen = Seen()
    async with opened(device(plant.port), refs) as driver:
        await follow(driver, seen, lambda: seen.keep_alives > 0)
        (result,) = await driver.write([Write(3, 5.0)])
        assert result.error is not None
        assert "cannot be written" in result.error
        reasons = {at: getattr(driver._lookup.nodes[at], "reason", "") for at in range(9)}
    assert (seen.last(0), seen.last(1), seen.texts[2][-1], seen.last(3)) == (1450.5, 3.0, "main", -1.0)
    assert seen.texts[4][-1] is None, "an optional field that is not there has no value"
    assert "no field 'Colour' (it has Starts, Speed)" in reasons[5]
    assert "is an array" in reasons[6]
    assert all(seen.qualities[at][-1] == BAD | CONFIG for at in (5, 6, 7, 8))


async def test_an_enumeration_is_a_number_or_its_name(plant: OpcUaServer) -> None:
    plant.do("add_enumeration", name="Phase", values=["idle", "growth", "harvest"], value=1)
    refs = [
        ref(0, "Phase"),
        ref(1, "Phase", kind=TagKind.TEXT, access=Access.READ_WRITE),
    ]
    seen = Seen()
    async with opened(device(plant.port), refs) as driver:
        results = [(await driver.write([Write(1, value)]))[0] for value in ("harvest", "lunch")]
        await follow(driver, seen, lambda: seen.keep_alives > 0)
    assert results[0].error is None
    assert results[1].error == "'lunch' is no value of the enumeration (it has idle, growth, harvest)"
    assert (seen.last(0), seen.texts[1][-1]) == (2.0, "harvest")


_SITE = """\
site: {name: basel}
gateway: {name: gw1}
devices:
  ua: {driver: opcua, endpoint: 'opc.tcp://127.0.0.1:4840'}
units:
  u: {area: a, cell: c, tags: {t.pv: {device: ua, address: {ADDRESS}}}}
"""


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("identifier: a, path: b", "give one of identifier, guid, opaque and path"),
        ("namespace: a", "give one of identifier, guid, opaque and path"),
        ("identifier: a, index: -1", "index '-1': write the element's number, from 0 (1,3 in a matrix)"),
        ("identifier: a, data_type: real", "data_type 'real': write one of Boolean, "),
        ("opaque: '!'", "opaque: write the bytes in base64"),
    ],
)
def test_a_mistake_in_an_address_is_told(tmp_path: Path, address: str, message: Any) -> None:
    (line,) = told(tmp_path, _SITE.replace("ADDRESS", address))
    assert message in line
    assert "units.u.tags.t.pv.address" in line
