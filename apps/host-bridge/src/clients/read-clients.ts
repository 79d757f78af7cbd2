import { posix } from 'node:path';
import { isId, type Fault } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { isWithin } from '../request/folder.js';
import { flags } from '../request/flags.js';
import { canOpen } from '../request/variables.js';
import type { Client, ClientLimits, Workspace } from './client.js';

/** Limits of a client for which the file says nothing. */
export const defaultLimits: ClientLimits = {
  running: 4,
  waiting: 50,
  perMinute: 120,
  connections: 64,
  memoryMb: 4_096,
};

/** What of the host's own configuration can be shared: texts, no settings and no credential. */
export const sharedConfig: readonly string[] = ['CLAUDE.md', 'agents', 'commands', 'skills', 'output-styles'];

/** The clients of a file's content, or all of its faults. */
export function readClients(content: unknown): { readonly clients: readonly Client[]; readonly faults: Fault[] } {
  const faults: Fault[] = [];
  const given = isRecord(content) ? content['clients'] : undefined;
  if (!Array.isArray(given) || given.length === 0)
    return { clients: [], faults: [{ path: 'clients', message: 'expected a list of at least one client' }] };
  const clients = given.map((value, i) => readClient(value, new Fields(value, `clients[${String(i)}]`, faults)));
  for (const field of ['name', 'socket', 'tokenSha256', 'certificate'] as const) {
    const values = clients.map((client) => client[field]).filter((value) => value !== undefined);
    if (new Set(values).size < values.length)
      faults.push({ path: 'clients', message: `two clients have the same ${field}` });
  }
  return { clients, faults };
}

const known = [
  ...['name', 'socket', 'socketMode', 'tokenSha256', 'certificate', 'workspaces', 'flags', 'variables'],
  ...['interactive', 'config', 'running', 'waiting', 'perMinute', 'connections', 'memoryMb'],
];

function readClient(value: unknown, fields: Fields): Client {
  fields.onlyOf(known);
  const name = fields.text('name', isId, 'an id of lower-case letters, digits and dashes') ?? '';
  const socket = fields.text('socket', isPath, 'an absolute path');
  const tokenSha256 = fields.text('tokenSha256', (text) => /^[0-9a-f]{64}$/.test(text), '64 hex digits');
  const certificate = fields.text('certificate', (text) => /^[a-z0-9.-]+$/i.test(text), 'a DNS name');
  const mode = fields.text('socketMode', (text) => /^0?[0-7]{3}$/.test(text), 'a mode such as "0660"');
  const interactive = fields.flag('interactive');
  if (isRecord(value) && name === '') fields.fault('name', 'expected a name');
  if (socket === undefined && tokenSha256 === undefined && certificate === undefined)
    fields.fault('', 'expected socket, tokenSha256 or certificate: a client has to be told from others');
  return {
    name,
    ...(socket === undefined ? {} : { socket }),
    ...(tokenSha256 === undefined ? {} : { tokenSha256 }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(interactive === undefined ? {} : { interactive }),
    socketMode: Number.parseInt(mode ?? '0660', 8),
    workspaces: readWorkspaces(fields),
    flags: fields.words('flags', isGuarded, 'a flag that needs an entry here'),
    variables: fields.words('variables', canOpen, 'a variable that does not change what runs, or where it connects'),
    config: fields.words('config', (word) => sharedConfig.includes(word), `one of ${sharedConfig.join(', ')}`),
    limits: {
      running: fields.count('running', defaultLimits.running),
      waiting: fields.count('waiting', defaultLimits.waiting),
      perMinute: fields.count('perMinute', defaultLimits.perMinute),
      connections: fields.count('connections', defaultLimits.connections),
      memoryMb: fields.count('memoryMb', defaultLimits.memoryMb),
    },
  };
}

const isGuarded = (word: string): boolean => {
  const flag = Object.hasOwn(flags, word) ? flags[word] : undefined;
  return flag?.guarded !== undefined || flag?.sandboxOnly === true;
};
const isPath = (text: string): boolean =>
  text.startsWith('/') && posix.normalize(text) === text && !text.includes('\0');

/** Folders that the sandbox has of its own. */
const ownFolders = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/etc', '/proc', '/dev', '/opt/claude', '/run/remuda'];

function readWorkspaces(fields: Fields): Workspace[] {
  const list = fields.list('workspaces');
  if (list.length === 0) fields.fault('workspaces', 'expected at least one');
  return list.map((each) => {
    each.onlyOf(['container', 'host', 'readOnly']);
    const container = each.text('container', isPath, 'an absolute path in the container') ?? '/';
    const host = each.text('host', isPath, 'an absolute path on the host') ?? '/';
    if (container === '/' || ownFolders.some((own) => isWithin(container, own)))
      each.fault('container', 'expected a folder that is none of the system');
    if (host === '/') each.fault('host', 'expected a folder, not everything');
    return { container, host, readOnly: each.flag('readOnly') ?? false };
  });
}

/** The fields of an object, with the faults of those that are not as they should be. */
class Fields {
  readonly #record: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    private readonly path: string,
    private readonly faults: Fault[],
  ) {
    this.#record = isRecord(value) ? value : {};
    if (!isRecord(value)) this.fault('', 'expected an object');
  }

  fault(name: string, message: string): void {
    this.faults.push({ path: name === '' ? this.path : `${this.path}.${name}`, message });
  }

  onlyOf(names: readonly string[]): void {
    for (const name of Object.keys(this.#record)) if (!names.includes(name)) this.fault(name, 'no such field');
  }

  text(name: string, fits: (text: string) => boolean, expected: string): string | undefined {
    const value = this.#record[name];
    if (value === undefined) return undefined;
    if (typeof value === 'string' && fits(value)) return value;
    this.fault(name, `expected ${expected}`);
    return undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.#record[name];
    if (value === undefined || typeof value === 'boolean') return value;
    this.fault(name, 'expected true or false');
    return undefined;
  }

  count(name: string, otherwise: number): number {
    const value = this.#record[name] ?? otherwise;
    if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 100_000) return value as number;
    this.fault(name, 'expected a whole number from 1 to 100,000');
    return otherwise;
  }

  list(name: string): Fields[] {
    const value = this.#record[name] ?? [];
    if (Array.isArray(value))
      return value.map((each, i) => new Fields(each, `${this.path}.${name}[${String(i)}]`, this.faults));
    this.fault(name, 'expected a list');
    return [];
  }

  words(name: string, fits: (word: string) => boolean, expected: string): string[] {
    const value = this.#record[name] ?? [];
    if (!Array.isArray(value)) this.fault(name, 'expected a list');
    const words: unknown[] = Array.isArray(value) ? value : [];
    return words.filter((word): word is string => {
      if (typeof word === 'string' && fits(word)) return true;
      this.fault(name, `expected each to be ${expected}, got ${JSON.stringify(word)}`);
      return false;
    });
  }
}
