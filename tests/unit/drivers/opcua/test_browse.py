"""Browsing finds every variable with the address that a tag would have."""

from __future__ import annotations

from drivers.opcua.browse import Found, browse_device
from tests.servers.opcua import NAMESPACE, OpcUaServer
from tests.unit.drivers.opcua.plant import device, opened, ref


async def test_finds_variables_with_type_access_and_value(plant: OpcUaServer, name: str) -> None:
    names = [f"{name}{number}" for number in range(30)]
    plant.do("add", names=names, value=2.5, writable=True)
    plant.do("add", names=[name + "text"], kind="String", value="x")
    plant.do("add", names=[name + "array"], kind="Int16", value=[1, 2])
    plant.do("behave", read=20)
    found = {
        each.identifier: each
        async for each in browse_device("d", device(plant.port))
        if each.namespace == NAMESPACE
    }
    assert found[names[7]] == Found(names[7], NAMESPACE, names[7], "Double", False, True, True, 2.5)
    assert found[name + "text"] == Found(
        name + "text", NAMESPACE, name + "text", "String", False, True, False, "x"
    )
    assert found[name + "array"].is_array
    assert set(names) <= set(found)
    first = found[names[0]]
    assert isinstance(first.identifier, str)
    async with opened(device(plant.port), [ref(0, first.identifier, namespace=first.namespace)]) as driver:
        assert (await driver.read_back([0])).value.tolist() == [2.5]
