// Redis' protocol, as far as an attacker needs it.
import { connect } from 'node:net';

/** About the number of the last entry in a worker's stream: its account may count the entries, not read them. */
export async function lastNumber(redis, stream) {
  return redis.send('XLEN', stream);
}

/** Says something under the number that comes next, or where the worker was quicker, under the next free one: gives it. */
export async function sayAfter(redis, stream, number, text, tries = 2_000) {
  return redis.send('XADD', stream, `${number + 1}-0`, 'd', text).then(
    () => number + 1,
    (error) => {
      if (tries === 0 || !error.message.includes('equal or smaller')) throw error;
      return sayAfter(redis, stream, number + 1, text, tries - 1);
    },
  );
}

/**
 * Says something on a worker's own stream, under the number that the worker would take next. The worker's own entry of that
 * number is lost then; so this waits until a heartbeat was the one.
 */
export async function slipIn(redis, stream, text) {
  await sayAfter(redis, stream, await lastNumber(redis, stream), text);
  const length = await redis.send('XLEN', stream);
  for (let tries = 0; tries < 60 && (await redis.send('XLEN', stream)) === length; tries++)
    await new Promise((resolve) => setTimeout(resolve, 100));
}

/** A connection over the bridge's listener. A refusal of Redis is an error whose code is its first word. */
export async function open(path = '/run/remuda/redis.sock') {
  const socket = connect(path);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.on('error', () => undefined);
  let held = Buffer.alloc(0);
  const waiting = [];
  const pushed = [];
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (let read = parse(held, 0); read; read = parse(held, 0)) {
      held = held.subarray(read.end);
      if (read.push) pushed.push(read.value);
      else waiting.shift()?.(read.value);
    }
  });
  const send = (...words) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(Object.assign(new Error(words.join(' ').slice(0, 60)), { code: 'TIMEOUT' })),
        8_000,
      );
      waiting.push((value) => {
        clearTimeout(late);
        if (value instanceof Error) reject(value);
        else resolve(value);
      });
      socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'CLOSED' })));
      const parts = words.map((word) => Buffer.from(String(word)));
      socket.write(
        Buffer.concat([
          Buffer.from(`*${parts.length}\r\n`),
          ...parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')]),
        ]),
      );
    });
  socket.setMaxListeners(0);
  return { send, pushed, close: () => socket.destroy() };
}

function parse(bytes, at) {
  const line = bytes.indexOf('\r\n', at);
  if (line < 0) return undefined;
  const head = bytes.toString('utf8', at + 1, line);
  const next = line + 2;
  switch (String.fromCharCode(bytes[at])) {
    case '+':
    case ',':
    case '(':
      return { value: head, end: next };
    case ':':
      return { value: Number(head), end: next };
    case '-':
      return { value: Object.assign(new Error(head), { code: head.split(' ')[0] }), end: next };
    case '_':
      return { value: null, end: next };
    case '#':
      return { value: head === 't', end: next };
    case '$':
    case '=': {
      const length = Number(head);
      if (length < 0) return { value: null, end: next };
      return bytes.length < next + length + 2
        ? undefined
        : { value: bytes.toString('utf8', next, next + length), end: next + length + 2 };
    }
    default:
      return list(bytes, next, Number(head) * (bytes[at] === 0x25 ? 2 : 1), bytes[at] === 0x3e);
  }
}

function list(bytes, at, count, push) {
  if (count < 0) return { value: null, end: at };
  const value = [];
  for (let i = 0; i < count; i++) {
    const read = parse(bytes, at);
    if (!read) return undefined;
    value.push(read.value);
    at = read.end;
  }
  return { value, end: at, push };
}
