import { createHash, timingSafeEqual } from 'node:crypto';
import { accessSync, closeSync, constants, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { readSettings, RemudaError, type Fault } from '@remuda/domain';
import type { Credential } from '@remuda/model';
import type { Client } from './clients/client.js';
import { readClients } from './clients/read-clients.js';
import { hostCredential } from './model/login.js';
import { hostBridgeSettings, type HostBridgeSettings } from './settings.js';
import { readTlsFiles, type TlsFiles } from './tcp/tls-files.js';

/** Everything that a host bridge is given. */
export interface HostEnvironment {
  readonly settings: HostBridgeSettings;
  readonly clients: readonly Client[];
  readonly credential: Credential;
  /** Path of Claude Code, resolved. */
  readonly claude: string;
  /** Path of bubblewrap; absent: runs have no sandbox. */
  readonly bwrap?: string | undefined;
  readonly tls?:
    { readonly files: TlsFiles; readonly listen: { readonly host: string; readonly port: number } } | undefined;
  findByToken(token: string): Client | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** What a forwarder is given; undefined if the settings are not for one. Throws `config.invalid`. */
export function readForwarding(env: Variables) {
  const settings = readSettings(hostBridgeSettings, env);
  const { forwardTo: to, socket, logLevel } = settings;
  return to === undefined ? undefined : { to, socket, logLevel, files: readTlsFiles(settings) };
}

/** Reads the environment and the clients file. Throws `config.invalid` with all faults, or `credential.missing`. */
export function readEnvironment(env: Variables): HostEnvironment {
  const settings = readSettings(hostBridgeSettings, env);
  const { clients, faults } = readClientsFile(settings.clientsFile);
  const path = env['PATH'] ?? '';
  const claude = findProgram(settings.claude ?? 'claude', path);
  if (claude === undefined)
    faults.push({ path: 'REMUDA_HOST_CLAUDE', message: 'Claude Code is not on PATH: install it, or say where it is' });
  else if (isScript(claude))
    faults.push({ path: 'REMUDA_HOST_CLAUDE', message: `${claude} is a script: install the native Claude Code` });
  const bwrap = findProgram('bwrap', path);
  if (bwrap === undefined && settings.unsandboxed !== '1')
    faults.push({
      path: 'REMUDA_ALLOW_UNSANDBOXED',
      message: 'bubblewrap is not installed, so runs would not be isolated: install bwrap, or set this to 1',
    });
  if (faults.length > 0) {
    const lines = faults.map((fault) => `  ${fault.path}: ${fault.message}`).join('\n');
    throw new RemudaError('config.invalid', `The settings have ${faults.length} fault(s):\n${lines}`, { faults });
  }
  const { listen, configDir } = settings;
  return {
    settings,
    clients,
    credential: hostCredential({ ...settings, loginFile: join(configDir, '.credentials.json') }),
    claude: claude ?? '',
    bwrap,
    ...(listen ? { tls: { files: readTlsFiles(settings), listen } } : {}),
    findByToken: (token) => clientOfToken(token, clients),
  };
}

function readClientsFile(path: string | undefined): { readonly clients: readonly Client[]; readonly faults: Fault[] } {
  const variable = 'REMUDA_HOST_BRIDGE_CLIENTS';
  if (path === undefined) return { clients: [], faults: [{ path: variable, message: 'expected the path of a file' }] };
  try {
    const { clients, faults } = readClients(JSON.parse(readFileSync(path, 'utf8')) as unknown);
    return { clients: clients.map((client) => resolveWorkspaces(client, faults)), faults };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { clients: [], faults: [{ path: variable, message: `${path} cannot be read: ${said}` }] };
  }
}

function resolveWorkspaces(client: Client, faults: Fault[]): Client {
  const workspaces = client.workspaces.map((workspace) => {
    try {
      const host = realpathSync(workspace.host);
      if (!statSync(host).isDirectory()) throw new Error('it is no folder');
      return { ...workspace, host };
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      faults.push({ path: `clients.${client.name}.workspaces`, message: `${workspace.host}: ${said}` });
      return workspace;
    }
  });
  return { ...client, workspaces };
}

/** The program of a name on PATH, or of a path, with links resolved; undefined if there is none. */
function findProgram(name: string, path: string): string | undefined {
  const places = isAbsolute(name)
    ? [name]
    : path
        .split(delimiter)
        .filter(isAbsolute)
        .map((folder) => join(folder, name));
  for (const place of places)
    try {
      accessSync(place, constants.X_OK);
      if (statSync(place).isFile()) return realpathSync(place);
    } catch {
      continue;
    }
  return undefined;
}

const isScript = (path: string): boolean => {
  const start = Buffer.alloc(2);
  const fd = openSync(path, 'r');
  readSync(fd, start);
  closeSync(fd);
  return start.toString('latin1') === '#!';
};

/** Compares hashes in constant time: how long it takes says nothing about a token. */
function clientOfToken(token: string, clients: readonly Client[]): Client | undefined {
  const hash = createHash('sha256').update(token).digest();
  return clients.find(
    ({ tokenSha256 }) => tokenSha256 !== undefined && timingSafeEqual(Buffer.from(tokenSha256, 'hex'), hash),
  );
}
