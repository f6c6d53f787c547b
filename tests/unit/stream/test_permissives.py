"""What permissives say in the health is what the engine refuses by."""

from __future__ import annotations

from gateway.stream.permissives import unfulfilled
from tests.unit.commands.conftest import rig
from tests.unit.commands.door_rig import Rig

__all__ = ["rig"]


async def test_a_permissive_tells_what_is_missing_and_agrees_with_the_door(rig: Rig) -> None:
    def missing() -> list[str]:
        return unfulfilled(rig.site, rig.engine.tables.state)["u/warm"]

    assert missing() == ["pv"]  # bad before the first value
    rig.sample(15.0)
    await rig.until(lambda: rig.value("u/t.pv") == 15.0)
    assert missing() == ["pv"]
    assert not (await rig.ask("mode", "u/t", value="auto")).accepted
    rig.sample(37.0)
    await rig.until(lambda: missing() == [])
    assert (await rig.ask("mode", "u/t", value="auto")).accepted
