"""Hands a device's outputs to its session, and takes what became of them."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Final

from drivers.api import Write, WriteResult
from drivers.notices import Matter
from drivers.session import Session
from gateway.device_outputs import Batch, DeviceOutputs

RETRY_S: Final = 0.5


class OutputWriter:
    """The one that writes a device's outputs."""

    def __init__(
        self, session: Session, outputs: DeviceOutputs, tell: Callable[[int, Matter, str], None]
    ) -> None:
        """`tell` is told of a tag whose writes begin to fail (and why), or work again."""
        self._session, self._outputs, self._tell = session, outputs, tell
        self._will_try_again = self._ended = False

    async def run(self) -> None:
        """Hand over what is pending, as fast as the device answers; nothing waits for what is read back."""
        outputs, session = self._outputs, self._session
        try:
            while True:
                await outputs.wake.wait()
                outputs.wake.clear()
                if session.connected:
                    await self._hand_over(outputs.take())
                    continue
                outputs.away()
                await asyncio.sleep(RETRY_S)
                if outputs.pending:
                    outputs.wake.set()
        finally:
            self._ended = True

    async def _hand_over(self, batch: Batch) -> None:
        if not batch.values:
            return
        order = self._session.begin_write([Write(tag, value) for tag, value in batch.values.items()])
        order.done.add_done_callback(functools.partial(self._returned, batch))
        try:
            await order.answered
        except asyncio.CancelledError:
            order.done.cancel()
            raise

    def _returned(self, batch: Batch, done: asyncio.Future[list[WriteResult]]) -> None:
        """Take what became of values that left; have failed outputs tried again after a while."""
        if self._ended or done.cancelled():
            batch.end()
            return
        results, outputs = done.result(), self._outputs
        outputs.returned(batch, results)
        for result in results:
            self._tell_edge(result.tag)
        if not self._will_try_again and outputs.refused.keys() & outputs.wanted.keys():
            self._will_try_again = True
            asyncio.get_running_loop().call_later(RETRY_S, self._try_again)

    def _try_again(self) -> None:
        self._will_try_again = False
        self._outputs.try_again()

    def _tell_edge(self, tag: int) -> None:
        """Tell at the edges alone; of a device that is away nothing is told tag by tag."""
        outputs = self._outputs
        why = outputs.refused.get(tag)
        if why is None and tag in outputs.told:
            outputs.told.discard(tag)
            self._tell(tag, Matter.WRITE_WORKS, "")
        elif why is not None and tag not in outputs.told and self._session.connected:
            outputs.told.add(tag)
            self._tell(tag, Matter.WRITE_FAILED, why)
