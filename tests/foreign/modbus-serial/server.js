// modbus-serial's TCP server for the driver tests. Started as `node server.js PORT`, it says `ready` and then
// obeys the `set`, `get` and `clear` commands of tests/servers/libmodbus_server.c.
"use strict";

const readline = require("readline");
const { ServerTCP } = require("modbus-serial");

const SIZE = 4000;
const tables = { c: new Uint8Array(SIZE), d: new Uint8Array(SIZE), h: new Uint16Array(SIZE), i: new Uint16Array(SIZE) };

function say(line) {
  process.stdout.write(line + "\n");
}

const units = {
  getCoil: (at) => tables.c[at] === 1,
  getDiscreteInput: (at) => tables.d[at] === 1,
  getHoldingRegister: (at) => tables.h[at],
  getInputRegister: (at) => tables.i[at],
  setCoil: (at, value) => { tables.c[at] = value ? 1 : 0; },
  setRegister: (at, value) => { tables.h[at] = value; },
  // Object 0 to 2 are the basic identification; 0x97 is one of the vendor's own.
  readDeviceIdentification: () => ({ 0x00: "Cellgate", 0x01: "FL-8", 0x02: "2.0", 0x97: "line 3" }),
};

const server = new ServerTCP(units, { host: "127.0.0.1", port: Number(process.argv[2]), unitID: 0xff });
server.on("initialized", () => say("ready"));
server.on("socketError", () => {});

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [word, table, at, ...rest] = line.trim().split(" ");
  if (word === "set") rest.forEach((value, n) => { tables[table][Number(at) + n] = Number(value); });
  if (word === "get") return say(Array.from(tables[table].slice(Number(at), Number(at) + Number(rest[0]))).join(" "));
  return say("ok");
}).on("close", () => process.exit(0));
