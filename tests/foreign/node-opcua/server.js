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
  historize({ names }) {
    for (const name of names) {
      server.engine.addressSpace.installHistoricalDataNode(nodes.get(name), { maxOnlineValues: 1000 });
    }
    return null;
  },
  // A tank whose level has an alarm above 80.
  tank({ name }) {
    const { addressSpace } = server.engine;
    const namespace = addressSpace.getNamespace(NAMESPACE);
    const tank = namespace.addObject({
      nodeId: `s=${name}`,
      browseName: name,
      organizedBy: addressSpace.rootFolder.objects,
      notifierOf: addressSpace.rootFolder.objects.server,
    });
    const level = namespace.addVariable({
      nodeId: `s=${name}.level`,
      browseName: `${name}.level`,
      componentOf: tank,
      eventSourceOf: tank,
      dataType: "Double",
      value: variant("Double", 50),
    });
    nodes.set(`${name}.level`, level);
    const alarm = namespace.instantiateExclusiveLimitAlarm("ExclusiveLimitAlarmType", {
      nodeId: `s=${name}.alarm`,
      browseName: `${name}.alarm`,
      conditionName: "TooHigh",
      conditionSource: level,
      inputNode: level,
      highLimit: 80,
      highHighLimit: 90,
      lowLimit: 10,
      lowLowLimit: 5,
    });
    alarm.setEnabledState(true);
    return null;
  },
  method({ name }) {
    const namespace = server.engine.addressSpace.getNamespace(NAMESPACE);
    const object = namespace.addObject({
      nodeId: `s=${name}`,
      browseName: name,
      organizedBy: server.engine.addressSpace.rootFolder.objects,
    });
    const method = namespace.addMethod(object, {
      nodeId: `s=${name}.scale`,
      browseName: "Scale",
      inputArguments: [
        { name: "Count", dataType: DataType.Int16 },
        { name: "Label", dataType: DataType.String },
      ],
      outputArguments: [{ name: "Text", dataType: DataType.String }, { name: "Twice", dataType: DataType.Double }],
    });
    method.bindMethod((inputs, _context, done) => {
      if (inputs[0].value < 0) {
        done(null, { statusCode: StatusCodes.BadOutOfRange });
        return;
      }
      done(null, {
        statusCode: StatusCodes.Good,
        outputArguments: [
          { dataType: DataType.String, value: `${inputs[1].value}:${DataType[inputs[0].dataType]}` },
          { dataType: DataType.Double, value: 2 * inputs[0].value },
        ],
      });
    });
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
  server.engine.addressSpace.installAlarmsAndConditionsService();
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
