"""Single writes: carried out once, answered with what the device said, and given up where it refused.

The engine decides about a value and keeps it as what is wanted of the output. When the device refuses it,
what was wanted before stands again; where nobody knows what the device did, what was asked for stays
wanted. What a device resets by itself (`momentary`) is written past the engine, which would keep it.
"""

from __future__ import annotations

from dataclasses import replace

from config.site import Site
from control.actuation_signal import RETRACT, RETRACT_TOUCHED, RETRACT_UNTOUCHED
from drivers.api import Holds
from gateway.commands.carrying import Carrying
from gateway.commands.means import Answer, Means
from gateway.commands.message import CommandMessage
from gateway.commands.rows import EngineRow, Refused


class Wanted:
    """What stood at each tag before the writes whose answers have not come. Pure."""

    def __init__(self) -> None:
        """Nothing is under way."""
        self._before: dict[str, tuple[int, float]] = {}

    def begin(self, tag: str, before: float) -> None:
        """A write begins; `before` is what was wanted when the engine took it."""
        count, first = self._before.get(tag, (0, before))
        self._before[tag] = (count + 1, first)

    def end(self, tag: str, taken: float | None) -> float:
        """A write ends, `taken` by the device or not; return what stands now, of those that have ended."""
        count, stands = self._before.pop(tag)
        stands = stands if taken is None else taken
        if count > 1:
            self._before[tag] = (count - 1, stands)
        return stands


class SingleWrites:
    """Carries them out."""

    def __init__(self, site: Site, means: Means, carrying: Carrying) -> None:
        """Wire it."""
        self._site, self._means, self._carrying = site, means, carrying
        self._wanted = Wanted()

    async def begin(self, row: EngineRow, command: CommandMessage) -> Answer:
        """Have the engine decide; return the device's answer, which is to come.

        Raises:
            Refused: the device is not connected, or the engine will not.
        """
        answer = await self._means.expect_write(command.target, row.value)
        try:
            decided = await self._carrying.by_engine(row, command)
        except BaseException:
            answer.drop()
            raise
        self._wanted.begin(command.target, float(decided["limit"]))
        return answer

    async def end(self, answer: Answer, row: EngineRow, command: CommandMessage) -> str:
        """Wait for the answer; return it in words.

        Raises:
            Refused: the device has not taken the value.
        """
        try:
            result = await answer.come()
        except BaseException:
            self._wanted.end(command.target, None)
            raise
        if result.error is None or result.holds is Holds.NOBODY_KNOWS:
            self._wanted.end(command.target, row.value)
        else:
            await self._retract(row, command, result.holds)
        if result.error is not None:
            raise Refused(f"the device has not taken it: {result.error}")
        return "read back" if result.verified else "taken, not read back"

    async def press(self, tag: str, value: float) -> None:
        """Write a momentary tag.

        Raises:
            Refused: the device has not taken the value.
        """
        device = self._site.tags[tag].device
        assert device is not None, "a tag without a device is not written to"
        why = await self._means.write_once(device, [(tag, value)])
        if why is not None:
            raise Refused(f"the device has not taken it: {why}")

    async def _retract(self, row: EngineRow, command: CommandMessage, holds: Holds) -> None:
        """Let what was wanted before stand again; nothing is written."""
        before = self._wanted.end(command.target, None)
        touched = RETRACT_TOUCHED if holds is Holds.ANOTHER else RETRACT_UNTOUCHED
        await self._carrying.by_engine(replace(row, kind=RETRACT, value2=before, parameter=touched), command)
