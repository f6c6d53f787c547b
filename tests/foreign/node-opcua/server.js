// A node-opcua server for the driver tests. Started as `node server.js SETTINGS`, it says `ready` and
// then obeys one JSON command a line, as tests/servers/asyncua_server.py does.
"use strict";

// The library's own words go to standard error: standard output answers commands.
console.log = console.warn = console.info = console.error;

const readline = require("readline");
const { DataType, StatusCodes, coerceStatusCode } = require("node-opcua-basic-types");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { makeAccessLevelFlag } = require("node-opcua-data-model");
const { MessageSecurityMode, SecurityPolicy } = require("node-opcua-secure-channel");
const { OPCUAServer } = require("node-opcua-server");
const { Variant, VariantArrayType } = require("node-opcua-variant");

const NAMESPACE = "urn:cellgate:test:plant";
const BIG = new Set(["Int64", "UInt64"]);
const settings = JSON.parse(process.argv[2]);
const nodes = new Map();
let server = null;

function say(line) {
  process.stdout.write(line + "\n");
}

// 64-bit integers come as text: JavaScript's numbers would round them. Here they are [high, low] words.
function words(text) {
  const number = BigInt.asUintN(64, BigInt(text));
  return [Number(number >> 32n), Number(number & 0xffffffffn)];
}

function variant(kind, value) {
  if (value === null || value === undefined) {
    return new Variant({ dataType: DataType.Null });
  }
  const one = BIG.has(kind) ? words : (each) => each;
  const isArray = Array.isArray(value);
  return new Variant({
    dataType: DataType[kind],
    arrayType: isArray ? VariantArrayType.Array : VariantArrayType.Scalar,
    value: isArray ? value.map(one) : one(value),
  });
}

function shown(found) {
  const kind = DataType[found.dataType];
  if (!BIG.has(kind)) {
    return found.value;
  }
  const number = (BigInt(found.value[0] >>> 0) << 32n) | BigInt(found.value[1] >>> 0);
  return String(kind === "Int64" ? BigInt.asIntN(64, number) : number);
}

const commands = {
  add({ names, kind = "Double", value = 0, writable = false, readable = true }) {
    const namespace = server.engine.addressSpace.getNamespace(NAMESPACE);
    const levels = [readable && "CurrentRead", writable && "CurrentWrite"].filter(Boolean).join(" | ") || "None";
    for (const name of names) {
      const node = namespace.addVariable({
        organizedBy: server.engine.addressSpace.rootFolder.objects,
        nodeId: `s=${name}`,
        browseName: name,
        dataType: kind,
        valueRank: Array.isArray(value) ? 1 : -1,
        accessLevel: makeAccessLevelFlag(levels),
        userAccessLevel: makeAccessLevelFlag(levels),
        minimumSamplingInterval: 10,
      });
      node.setValueFromSource(variant(kind, value));
      nodes.set(name, node);
    }
    return null;
  },
  set({ name, value = null, status = 0, kind = "Double", source_s = null }) {
    const stamp = source_s === null ? new Date() : new Date(1000 * source_s);
    nodes.get(name).setValueFromSource(variant(kind, value), coerceStatusCode(status), stamp);
    return null;
  },
  // Let a value count up, one step each `pause_ms`.
  ramp({ name, count, pause_ms }) {
    let value = 0;
    const timer = setInterval(() => {
      value += 1;
      nodes.get(name).setValueFromSource(variant("Double", value));
      if (value >= count) {
        clearInterval(timer);
      }
    }, pause_ms);
    return null;
  },
  get({ name }) {
    const found = nodes.get(name).readValue();
    return [shown(found.value), DataType[found.value.dataType], found.sourceTimestamp !== null];
  },
  names() {
    return [...nodes.keys()];
  },
};

async function start() {
  const certificates = new OPCUACertificateManager({
    rootFolder: settings.pki,
    automaticallyAcceptUnknownCertificate: true,
  });
  await certificates.initialize();
  const secured = settings.certificate
    ? { certificateFile: settings.certificate, privateKeyFile: settings.private_key }
    : {};
  server = new OPCUAServer({
    port: settings.port,
    hostname: "127.0.0.1",
    resourcePath: "/test",
    serverInfo: { applicationUri: "urn:cellgate:test:server" },
    serverCertificateManager: certificates,
    userCertificateManager: certificates,
    securityPolicies: [SecurityPolicy.None, ...(settings.policies || []).map((name) => SecurityPolicy[name])],
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt],
    userManager: { isValidUser: (user, password) => user === "operator" && password === "secret" },
    serverCapabilities: { operationLimits: settings.limits || {} },
    ...secured,
  });
  await server.initialize();
  server.engine.addressSpace.registerNamespace(NAMESPACE);
  await server.start();
}

async function main() {
  await start();
  say("ready");
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    try {
      say(JSON.stringify({ ok: await commands[command.do](command) }));
    } catch (error) {
      say(JSON.stringify({ error: String(error) }));
    }
  }
  process.exit(0);
}

main();
