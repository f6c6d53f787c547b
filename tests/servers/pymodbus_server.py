"""pymodbus' own server, with the commands of `libmodbus_server.c`.

PORT tcp | PORT rtu | PORT tls CERTIFICATE KEY TRUSTED (which wants a client certificate).
"""

from __future__ import annotations

import asyncio
import functools
import ssl
import sys
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import NoSuchIdException
from pymodbus.framer import FramerType
from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.server import ModbusTcpServer, ModbusTlsServer
from pymodbus.simulator import DataType, SimData, SimDevice

SIZE = 4000
UNITS = (1, 2, 3)
TABLES = {1: "c", 5: "c", 15: "c", 2: "d", 4: "i", 3: "h", 6: "h", 16: "h", 22: "h", 23: "h"}


class Store:
    """What the server holds, and the faults that it was told to show."""

    def __init__(self) -> None:
        self.values = {table: [0] * SIZE for table in "cdhi"}
        self.faults: dict[tuple[str, int], int] = {}
        self.units: dict[int, int] = {}
        self.delay_s = 0.0

    async def act(
        self,
        unit: int,
        function: int,
        start: int,
        address: int,
        count: int,
        current: list[int],
        written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Serve one access: pymodbus asks here before it answers from `current`."""
        table = TABLES[function]
        values = self.values[table]
        wanted = len(written) if written else count
        if table in "cd" and not written:
            wanted = 1  # pymodbus says how many words, not how many bits: faults look at the first
        await asyncio.sleep(self.delay_s)
        codes = [self.units.get(unit, 0), *(self.faults.get((table, address + k), 0) for k in range(wanted))]
        code = next((c for c in codes if c), 0)
        if code < 0:
            raise NoSuchIdException("silence")
        if code:
            return ExcCodes(code)
        if written:
            values[address : address + len(written)] = [int(v) for v in written]
        elif table in "cd":
            for word in range(count):
                bits = values[(address // 16 + word) * 16 :][:16]
                current[address // 16 - start + word] = sum(bit << k for k, bit in enumerate(bits))
        else:
            current[address - start : address - start + count] = values[address : address + count]
        return None

    def obey(self, line: str) -> str:
        word, *rest = line.split()
        match word, rest:
            case "set", [table, at, *values]:
                self.values[table][int(at) : int(at) + len(values)] = [int(v) for v in values]
            case "get", [table, at, count]:
                return " ".join(str(v) for v in self.values[table][int(at) : int(at) + int(count)])
            case "fault", [table, at, code]:
                self.faults[table, int(at)] = int(code)
            case "unit", [unit, code]:
                self.units[int(unit)] = int(code)
            case "delay", [milliseconds]:
                self.delay_s = int(milliseconds) / 1000
            case "clear", []:
                self.faults.clear()
                self.units.clear()
                self.delay_s = 0.0
        return "ok"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _context(certificate: str, key: str, trusted: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(trusted)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def main(port: int, framer: str, *files: str) -> None:
    store = Store()
    words = [SimData(0, values=[0] * SIZE, datatype=DataType.REGISTERS)]
    bits = [SimData(0, count=SIZE // 16, values=[False] * 16, datatype=DataType.BITS)]
    devices = [
        SimDevice(unit, (bits, bits, words, words), action=functools.partial(store.act, unit))
        for unit in UNITS
    ]
    names = {"VendorName": "Cellgate", "ProductCode": "BR-200", "MajorMinorRevision": "1.4"}
    settings: dict[str, Any] = {
        "framer": FramerType.RTU if framer == "rtu" else FramerType.SOCKET,
        "address": ("127.0.0.1", port),
        "ignore_missing_devices": True,
        "identity": ModbusDeviceIdentification(info_name=names),  # type: ignore[no-untyped-call]  # pymodbus types it not
    }
    if framer == "tls":
        server: ModbusTcpServer = ModbusTlsServer(devices, sslctx=_context(*files), **settings)
    else:
        server = ModbusTcpServer(devices, **settings)
    await server.serve_forever(background=True)
    say("ready")
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        say(store.obey(line.decode()))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
