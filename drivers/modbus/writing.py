"""Writes to a Modbus server, one by one, each in one request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from config.devices import ModbusAddress, ModbusDevice, Table
from drivers.api import DeviceTimeout, Holds, Write, WriteResult
from drivers.modbus.link import Link, ask
from drivers.modbus.pdu import Action, describe, fault
from drivers.modbus.write_request import WriteRequest, longest_write, writable, write_request

_BUSY_WAITS_S: Final = (0.05, 0.1, 0.2)
"""Waits before a write is sent again to a device that was busy."""
_ACKNOWLEDGED: Final = 5
"""The device has accepted the write and still works on it."""


class ModbusWriter:
    """The writing half of the driver."""

    def __init__(self, device: ModbusDevice, link: Link, addresses: Mapping[int, ModbusAddress]) -> None:
        """`addresses` are by tag."""
        self._device, self._link, self._addresses = device, link, addresses

    async def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """Write in order; a refused write does not stop the others.

        Raises:
            DeviceTimeout: the first write had no answer.
            Disconnected: the link is gone.
        """
        results: list[WriteResult] = []
        for write in writes:
            try:
                results.append(await self._one(write))
            except DeviceTimeout as error:
                if not results:
                    raise
                results += self._unknown(writes[len(results) :], error)
                break
        return results

    @staticmethod
    def _unknown(writes: Sequence[Write], error: DeviceTimeout) -> list[WriteResult]:
        first, *others = writes
        refused = [WriteResult(write.tag, "not written: the device did not answer") for write in others]
        lost = WriteResult(first.tag, f"outcome unknown: {error}", holds=Holds.NOBODY_KNOWS)
        return [lost, *refused]

    async def _one(self, write: Write) -> WriteResult:
        address = self._addresses.get(write.tag)
        if address is None:
            return WriteResult(write.tag, "the tag has no address that can be used")
        if not writable(address):
            return WriteResult(write.tag, f"the {address.table} table cannot be written")
        most = longest_write(self._device, address)
        if address.table is not Table.COIL and address.count > most:
            return WriteResult(write.tag, f"takes {address.count} registers, a write {most}")
        try:
            request = write_request(self._device, address, write.value)
        except ValueError as error:
            return WriteResult(write.tag, str(error))
        unit_id = self._device.unit_id if address.unit_id is None else address.unit_id
        return await self._send(write.tag, unit_id, request)

    async def _send(self, tag: int, unit_id: int, request: WriteRequest) -> WriteResult:
        for wait_s in (*_BUSY_WAITS_S, None):
            pdu, _ = await ask(self._link, unit_id, request.pdu)
            if pdu == request.echo:
                return WriteResult(tag, wrote=request.wrote)
            if len(pdu) != 2 or not pdu[0] & 0x80:
                what = "holds" if request.read_back and len(pdu) == len(request.echo) else "confirmed"
                told = f"outcome unknown: the device {what} something else"
                return WriteResult(tag, told, holds=Holds.NOBODY_KNOWS)
            code = pdu[1]
            if code == _ACKNOWLEDGED:
                return WriteResult(tag, status=code, wrote=request.wrote)
            if fault(code).action is not Action.BUSY or wait_s is None:
                break
            await asyncio.sleep(wait_s)
        return WriteResult(tag, describe(code), status=code)
