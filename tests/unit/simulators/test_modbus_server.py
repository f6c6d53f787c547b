"""The Modbus server, read and written over a socket with pymodbus' client."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from pymodbus.client import AsyncModbusTcpClient

from simulators.fill_line import FillLine
from simulators.packml import State
from tests.unit.simulators.plants import running_device, until

Types = AsyncModbusTcpClient.DATATYPE


@contextlib.asynccontextmanager
async def client(port: int) -> AsyncIterator[AsyncModbusTcpClient]:
    connection = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=2.0, retries=0, reconnect_delay=0)
    assert await connection.connect()
    try:
        yield connection
    finally:
        connection.close()


def value(registers: Sequence[int], kind: Any, order: Any = "big") -> Any:
    return AsyncModbusTcpClient.convert_from_registers(list(registers), kind, word_order=order)


async def test_values_of_all_types_and_tables() -> None:
    async with (
        running_device(model="fill_line", parameters={"local_operator": False}) as device,
        client(device.link.port) as modbus,
    ):
        inputs = (await modbus.read_input_registers(0, count=70)).registers
        assert inputs[0] == State.STOPPED
        assert value(inputs[4:6], Types.FLOAT32) == 200.0
        assert value(inputs[62:64], Types.UINT32, "little") == 0
        assert value(inputs[64:68], Types.FLOAT64) == 0.0
        assert 190 <= value(inputs[68:69], Types.INT16) <= 210
        clock = value((await modbus.read_input_registers(240, count=4)).registers, Types.UINT64)
        assert clock > 1.7e12
        holding = (await modbus.read_holding_registers(0, count=12)).registers
        assert value(holding[6:8], Types.FLOAT32, "little") == 5.0
        assert value(holding[8:10], Types.FLOAT32) == 2.5
        assert (await modbus.read_discrete_inputs(0, count=6)).bits[:6] == [
            False,
            False,
            False,
            True,
            False,
            True,
        ]
        assert (await modbus.read_coils(0, count=4)).bits[:4] == [False] * 4


async def test_commands_move_the_line() -> None:
    async with (
        running_device(model="fill_line", parameters={"local_operator": False}) as device,
        client(device.link.port) as modbus,
    ):
        for command, reached in ((1, State.IDLE), (2, State.EXECUTE), (8, State.ABORTED)):
            assert not (await modbus.write_register(2, command)).isError()
            assert not (await modbus.write_coil(0, True)).isError()
            assert isinstance(device.model, FillLine)
            machine = device.model.machine
            await until(lambda machine=machine, reached=reached: machine.state is reached)
        await until(lambda: device.model.values["Command.CmdChangeRequest"] is False)
        assert (await modbus.read_coils(0, count=1)).bits[0] is False
        assert (await modbus.read_input_registers(0, count=1)).registers == [State.ABORTED]


async def test_writes_of_several_registers_read_back() -> None:
    async with running_device(model="fill_line") as device, client(device.link.port) as modbus:
        words = modbus.convert_to_registers(120.0, Types.FLOAT32)
        swapped = modbus.convert_to_registers(6.25, Types.FLOAT32, word_order="little")
        assert not (await modbus.write_registers(4, [*words, *swapped])).isError()
        assert device.model.values["Command.MachSpeed"] == 120.0
        assert device.model.values["Fill.Target"] == 6.25
        assert (await modbus.read_holding_registers(4, count=4)).registers == [*words, *swapped]
        await until(lambda: device.model.values["Status.MachSpeed"] == 120.0)
        assert (await modbus.read_holding_registers(4, count=4)).registers == [*words, *swapped]


async def test_what_does_not_fit_is_refused_with_its_exception() -> None:
    async with running_device(model="fill_line") as device, client(device.link.port) as modbus:
        assert (await modbus.read_input_registers(70, count=1)).exception_code == 2
        assert (await modbus.read_input_registers(60, count=20)).exception_code == 2
        assert (await modbus.read_holding_registers(12, count=1)).exception_code == 2
        assert (await modbus.write_register(4, 0x4316)).exception_code == 3
        assert (await modbus.write_register(1, 9)).exception_code == 3
        wrong = modbus.convert_to_registers(1e6, Types.FLOAT32)
        assert (await modbus.write_registers(4, wrong)).exception_code == 3
        assert device.model.values["Command.MachSpeed"] == 200.0
        assert (await modbus.read_input_registers(0, count=1, device_id=7)).exception_code == 0x0B


async def test_mask_write_and_read_write() -> None:
    async with running_device(model="fill_line") as device, client(device.link.port) as modbus:
        await modbus.write_register(0, 0x12)
        assert not (await modbus.mask_write_register(address=0, and_mask=0xF2, or_mask=0x25)).isError()
        assert device.model.values["Watchdog"] == 0x17
        both = await modbus.readwrite_registers(read_address=0, read_count=1, address=0, values=[5])
        assert both.registers == [5]


async def test_environment_without_coils() -> None:
    async with running_device(model="environment") as device, client(device.link.port) as modbus:
        rooms = (await modbus.read_input_registers(0, count=80)).registers
        assert [value(rooms[20 * i + 8 : 20 * i + 9], Types.INT16) for i in range(4)] == pytest.approx(
            [600, 450, 300, 150], abs=60
        )
        assert value(rooms[12:14], Types.FLOAT32, "little") == pytest.approx(0.45, abs=0.05)
        assert not (await modbus.write_register(2, 850)).isError()
        await until(lambda: abs(float(device.model.values["B.FanSpeed"]) - 85.0) < 1.0)
        assert (await modbus.read_coils(0, count=1)).exception_code == 2
        assert len((await modbus.read_discrete_inputs(0, count=13)).bits) >= 13
