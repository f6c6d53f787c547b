// npm's sparkplug-payload as a decoder: a line of hex in, a line of JSON out.
const readline = require('node:readline');
const payload = require('sparkplug-payload').get('spBv1.0');

const plain = (value) => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'object' && 'low' in value && 'high' in value) return Number(value.toString());
  if (value instanceof Date) return value.getTime();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, told]) => [key, plain(told)]));
  }
  return value;
};

console.log('ready');
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  try {
    console.log(JSON.stringify(plain(payload.decodePayload(Buffer.from(line, 'hex')))));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
});
