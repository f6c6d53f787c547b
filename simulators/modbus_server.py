"""The Modbus TCP server of a simulated device, on pymodbus' server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import NoSuchIdException
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from simulators.registers import Image, WriteRefusedError
from simulators.signals import Register, Table, Value
from simulators.wire import HOST, OnCommand

_log = logging.getLogger(__name__)

_WORD_TABLES = {
    3: Table.HOLDING,
    4: Table.INPUT,
    6: Table.HOLDING,
    16: Table.HOLDING,
    22: Table.HOLDING,
    23: Table.HOLDING,
}
_BIT_TABLES = {1: Table.COIL, 2: Table.DISCRETE, 5: Table.COIL, 15: Table.COIL}
_NO_BITS = (65520, 16)


class ModbusWire:
    """Serves the registers of one device under one unit id.

    pymodbus keeps registers of its own; they are filled from the image for every request, and
    writes are decoded before pymodbus takes them.
    """

    def __init__(self, name: str, registers: Iterable[Register], unit_id: int = 1) -> None:
        self.name = name
        self.unit_id = unit_id
        self.image = Image(registers)
        self._server: ModbusTcpServer | None = None
        self._on_command: OnCommand | None = None

    async def start(self, on_command: OnCommand) -> int:
        """Listen on a free port and return it."""
        self._on_command = on_command
        devices = [SimDevice(self.unit_id, self._blocks(), action=self._act)]
        if self.unit_id != 0:
            devices.append(SimDevice(0, self._blocks(), action=_nobody))
        server = ModbusTcpServer(devices, address=(HOST, 0))
        await server.serve_forever(background=True)
        self._server = server
        listener = cast("asyncio.Server", server.transport)  # pymodbus keeps the listener in its transport
        return int(listener.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close every connection and stop listening; repeatable."""
        server, self._server = self._server, None
        if server is not None:
            await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus types it not

    async def publish(self, values: Mapping[str, Value], overlay: Mapping[str, Value | None]) -> None:
        """Show the values from the next request on."""
        self.image.show(values, overlay)

    def _blocks(self) -> tuple[list[SimData], list[SimData], list[SimData], list[SimData]]:
        def words(table: Table) -> list[SimData]:
            return [
                SimData(first, values=[0] * count, datatype=DataType.REGISTERS)
                for first, count in self.image.blocks(table)
            ]

        def bits(table: Table) -> list[SimData]:
            blocks = self.image.blocks(table) or [_NO_BITS]  # pymodbus wants a block in every table
            return [SimData(first, values=[False] * count, datatype=DataType.BITS) for first, count in blocks]

        return bits(Table.COIL), bits(Table.DISCRETE), words(Table.HOLDING), words(Table.INPUT)

    async def _act(
        self,
        function_code: int,
        start: int,
        address: int,
        count: int,
        current: list[int],
        written: Sequence[int] | Sequence[bool] | None,
    ) -> ExcCodes | None:
        """Answer a request: fill pymodbus' registers for a read, take the commands of a write."""
        if written is not None:
            return self._take(function_code, address, written)
        if function_code in _WORD_TABLES:
            words = self.image.words[_WORD_TABLES[function_code]]
            for at in range(address, address + count):
                current[at - start] = words.get(at, 0)
            return None
        bits = self.image.bits[_BIT_TABLES[function_code]]
        if not bits:
            return ExcCodes.ILLEGAL_ADDRESS
        for word in range(address // 16, address // 16 + count):
            current[word - start] = sum(bits.get(16 * word + i, False) << i for i in range(16))
        return None

    def _take(
        self, function_code: int, address: int, written: Sequence[int] | Sequence[bool]
    ) -> ExcCodes | None:
        try:
            if function_code in _WORD_TABLES:
                commands = self.image.written_words(address, [int(word) for word in written])
            else:
                commands = self.image.written_bits(address, [bool(bit) for bit in written])
        except WriteRefusedError as error:
            _log.info("%s refuses a write: %s", self.name, error)
            return ExcCodes.ILLEGAL_VALUE
        for name, value in commands:
            self.image.put(name, value)
            if self._on_command is not None:
                self._on_command(name, value)
        return None


async def _nobody(*_request: object) -> ExcCodes | None:
    """Answer for unit ids that no device has."""
    raise NoSuchIdException("no such unit id")
