import { isRecord } from '../reader/json.js';
import {
  hostBridgeLimits,
  hostBridgeSignals,
  hostBridgeVersion,
  type HostClientMessage,
  type HostRun,
  type TerminalSize,
} from './messages.js';

/** Why a value is no message of a client. */
export interface UnreadMessage {
  readonly fault: string;
}

type Read<T> = T | UnreadMessage;

/** Reads a JSON value as a message of a client; what is wrong with it otherwise. Unknown fields are refused. */
export function readHostClientMessage(value: unknown): Read<HostClientMessage> {
  if (!isRecord(value)) return { fault: 'a message is a JSON object' };
  const type = value['type'];
  if (typeof type !== 'string' || !Object.hasOwn(readers, type)) return { fault: 'no known type' };
  const { fields, read } = readers[type as keyof typeof readers];
  const unknown = Object.keys(value).find((name) => name !== 'type' && !fields.includes(name));
  return unknown === undefined
    ? read(value)
    : { fault: `${type} has no field ${JSON.stringify(unknown.slice(0, 40))}` };
}

type Fields = Readonly<Record<string, unknown>>;

const readers: Readonly<
  Record<
    HostClientMessage['type'],
    { readonly fields: readonly string[]; readonly read: (fields: Fields) => Read<HostClientMessage> }
  >
> = {
  run: { fields: ['v', 'token', 'args', 'env', 'cwd', 'terminal'], read: readRun },
  stdin: { fields: ['data'], read: readStdin },
  stdin_end: { fields: [], read: () => ({ type: 'stdin_end' }) },
  signal: { fields: ['signal'], read: readSignal },
  window: { fields: ['rows', 'cols'], read: readWindow },
  heartbeat: { fields: [], read: () => ({ type: 'heartbeat' }) },
};

/** Limits of a run request. Linux takes no argument above 128 KiB, and no 2 MiB of arguments and environment. */
const most = { args: 1_000, argBytes: 128 * 1024 - 1, variables: 100, pathBytes: 4_095, tokenLength: 200 } as const;

function readRun(fields: Fields): Read<HostRun> {
  const { v, token, args, env, cwd, terminal } = fields;
  if (v !== hostBridgeVersion) return { fault: `run.v: expected ${String(hostBridgeVersion)}` };
  if (token !== undefined && !isText(token, most.tokenLength)) return { fault: 'run.token: expected a short text' };
  if (
    !Array.isArray(args) ||
    args.length > most.args ||
    !args.every((arg): arg is string => isText(arg, most.argBytes))
  )
    return { fault: `run.args: expected up to ${String(most.args)} texts, each of less than 128 KiB and without NUL` };
  const variables = isRecord(env) ? Object.entries(env) : undefined;
  if (!variables || variables.length > most.variables || !variables.every(isVariable))
    return { fault: `run.env: expected an object of up to ${String(most.variables)} texts, named A-Z, a-z, 0-9 and _` };
  if (!isText(cwd, most.pathBytes) || !cwd.startsWith('/')) return { fault: 'run.cwd: expected an absolute path' };
  const size = terminal === undefined ? undefined : readSize(terminal);
  if (size && 'fault' in size) return { fault: `run.terminal: ${size.fault}` };
  return {
    type: 'run',
    v,
    args,
    env: Object.fromEntries(variables) as Record<string, string>,
    cwd,
    ...(token === undefined ? {} : { token }),
    ...(size ? { terminal: size } : {}),
  };
}

const isVariable = ([name, value]: readonly [string, unknown]): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name) && isText(value, most.argBytes);

/** Whether a value is a text that a program can be given: no NUL, no half of a surrogate pair, not too large. */
function isText(value: unknown, maxBytes: number): value is string {
  if (typeof value !== 'string' || value.length > maxBytes || value.includes('\0')) return false;
  return !/\p{Surrogate}/u.test(value) && Buffer.byteLength(value) <= maxBytes;
}

function readStdin({ data }: Fields): Read<HostClientMessage> {
  const { chunkBytes } = hostBridgeLimits;
  if (typeof data !== 'string' || data.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(data))
    return { fault: 'stdin.data: expected base64' };
  if ((data.length / 4) * 3 > chunkBytes + 2)
    return { fault: `stdin.data: expected at most ${String(chunkBytes)} bytes` };
  return { type: 'stdin', data: Buffer.from(data, 'base64') };
}

function readSignal({ signal }: Fields): Read<HostClientMessage> {
  const known = hostBridgeSignals.find((each) => each === signal);
  return known
    ? { type: 'signal', signal: known }
    : { fault: `signal.signal: expected one of ${hostBridgeSignals.join(', ')}` };
}

function readWindow(fields: Fields): Read<HostClientMessage> {
  const size = readSize(fields);
  return 'fault' in size ? { fault: `window: ${size.fault}` } : { type: 'window', ...size };
}

function readSize(value: unknown): Read<TerminalSize> {
  const { rows, cols } = isRecord(value) ? value : {};
  return isLength(rows) && isLength(cols) ? { rows, cols } : { fault: 'expected rows and cols from 1 to 1,000' };
}

const isLength = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1_000;
