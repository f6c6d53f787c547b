// npm's sparkplug-client as an edge node for the driver tests: node edge_node.js PORT GROUP NODE DEVICE
// It says `ready` when it has been born, and then obeys `set NAME JSON`, `get NAME`, `clear`, `death` and
// `birth` of its device. 64-bit integers are JSON texts. A command is obeyed within `limits`.
'use strict';

const readline = require('node:readline');
const Long = require('long');
const { newClient } = require('sparkplug-client');

const [port, groupId, edgeNode, device] = process.argv.slice(2);
const long = (text, unsigned) => Long.fromString(text, unsigned);
const first = () => ({
  i8: ['Int8', -128], i16: ['Int16', -32768], i32: ['Int32', -2147483648],
  i64: ['Int64', long('-9007199254740992', false)], 'i64.big': ['Int64', long('9223372036854775807', false)],
  u8: ['UInt8', 255], u16: ['UInt16', 65535], u32: ['UInt32', 4294967295],
  u64: ['UInt64', long('9007199254740992', true)],
  f32: ['Float', 0.5], f64: ['Double', 1.7976931348623157e308], zero: ['Double', -0.0], flag: ['Boolean', true],
  name: ['String', 'Füllung 7'], 'folder/set point': ['Double', 37.5], fixed: ['Double', 1.25],
});
const readOnly = new Set(['fixed', 'u32', 'i64.big']);
let values = first();

const client = newClient({
  serverUrl: `mqtt://127.0.0.1:${port}`, username: '', password: '', groupId, edgeNode,
  clientId: `foreign-${edgeNode}`, version: 'spBv1.0', publishDeath: true, keepalive: 1,
});
const metric = (name) => ({ name, type: values[name][0], value: values[name][1], timestamp: Date.now() });
const say = (line) => process.stdout.write(line + '\n');

function bear() {
  client.publishNodeBirth({
    timestamp: Date.now(),
    metrics: [
      { name: 'Node Control/Rebirth', type: 'Boolean', value: false, timestamp: Date.now() },
      { name: 'uptime', type: 'Double', value: 12.5, timestamp: Date.now() },
    ],
  });
  client.publishDeviceBirth(device, { timestamp: Date.now(), metrics: Object.keys(values).map(metric) });
}

function publish(name) {
  client.publishDeviceData(device, { timestamp: Date.now(), metrics: [metric(name)] });
}

let wasReady = false;
client.on('birth', () => {
  bear();
  if (!wasReady) say('ready');
  wasReady = true;
});
client.on('ncmd', (payload) => {
  if (payload.metrics.some((told) => told.name === 'Node Control/Rebirth' && told.value === true)) bear();
});
client.on('dcmd', (_device, payload) => {
  for (const told of payload.metrics) {
    if (!(told.name in values) || readOnly.has(told.name)) continue;
    if (told.name === 'folder/set point' && !(told.value >= 0 && told.value <= 100)) continue;
    values[told.name][1] = told.value;
    publish(told.name);
  }
});
client.on('error', (error) => console.error(String(error)));

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [verb, name, ...rest] = line.split('\t');
  if (verb === 'get') {
    const value = values[name][1];
    say(JSON.stringify(Long.isLong(value) ? value.toString() : Object.is(value, -0) ? '-0' : value));
    return;
  }
  if (verb === 'set') {
    const value = JSON.parse(rest[0]);
    const type = values[name][0];
    values[name][1] = type.endsWith('Int64') ? long(String(value), type === 'UInt64') : value;
    publish(name);
  } else if (verb === 'clear') {
    values = first();
    bear();
  } else if (verb === 'death') {
    client.publishDeviceDeath(device, { timestamp: Date.now(), metrics: [] });
  }
  say('ok');
});
