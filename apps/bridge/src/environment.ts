import { join } from 'node:path';
import { chooseCredential, credentialVariables, type Credential } from '@remuda/model';
import { maxSocketPathBytes, secretVariablePrefix } from '@remuda/runtime';
import { bridgeSockets, socketFolder } from '@remuda/protocol';
import { readSettings, RemudaError, type Fault } from '@remuda/domain';
import { bridgeSettings, type BridgeSettings } from './settings.js';

/** The bridge's settings from its environment. */
export interface Environment {
  readonly settings: BridgeSettings;
  readonly credential: Credential;
  /** The environment of git and its credential helpers: everything but the model's credential and other secrets. */
  readonly gitEnv: Readonly<Record<string, string>>;
}

/**
 * Reads the environment. Rejects with `credential.missing` if that is the only fault, otherwise with `config.invalid`
 * and all faults.
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const settings = attempt(() => readSettings(bridgeSettings, env));
  const credential = attempt(() => chooseCredential(credentialSource(env, settings.value)));
  const faults = [...faultsOf(settings.error), ...(settings.value ? crossFaults(settings.value) : [])];
  if (faults.length > 0 && credential.error)
    faults.push({ path: credentialVariables.join(', '), message: credential.error.message });
  if (faults.length > 0)
    throw new RemudaError('config.invalid', `The environment has ${faults.length} fault(s):`, { faults });
  if (!settings.value || !credential.value)
    throw settings.error ?? credential.error ?? new RemudaError('internal', 'No settings.');
  return { settings: settings.value, credential: credential.value, gitEnv: withoutCredential(env) };
}

/** The credential is checked even if there are other faults, so that all are reported at once. */
function credentialSource(env: Readonly<Record<string, string | undefined>>, settings: BridgeSettings | undefined) {
  if (settings) return settings;
  const [apiKey, oauthToken] = credentialVariables.map((name) => env[name]);
  const modelUrl = env['REMUDA_MODEL_URL'] ?? '';
  return {
    apiKey,
    oauthToken,
    credential: env['REMUDA_MODEL_CREDENTIAL'] === 'none' ? ('none' as const) : undefined,
    modelUrl: URL.canParse(modelUrl) ? new URL(modelUrl) : bridgeSettings.modelUrl.default,
  };
}

/** Faults in the combination of settings that are valid on their own. */
function crossFaults(settings: BridgeSettings): Fault[] {
  return [...(settings.sockets === 'on' ? socketFaults(settings) : []), ...entryFaults(settings)];
}

function entryFaults({ listen, tlsCert, tlsKey, plain, sockets }: BridgeSettings): Fault[] {
  const certificate = [tlsCert, tlsKey].filter((file) => file !== undefined).length;
  if (listen === undefined)
    return sockets === 'on'
      ? []
      : [
          {
            path: 'REMUDA_BRIDGE_SOCKETS',
            message: 'without sockets, workers can only use REMUDA_BRIDGE_LISTEN: set it',
          },
        ];
  if (plain === '1')
    return certificate === 0
      ? []
      : [{ path: 'REMUDA_BRIDGE_PLAIN', message: 'cannot be combined with a certificate: unset one of the two' }];
  if (certificate === 2) return [];
  const message =
    'REMUDA_BRIDGE_LISTEN uses TLS and needs both; REMUDA_BRIDGE_PLAIN=1 turns TLS off, for a private network';
  return [{ path: 'REMUDA_BRIDGE_TLS_CERT, REMUDA_BRIDGE_TLS_KEY', message }];
}

function socketFaults(settings: BridgeSettings): Fault[] {
  const folder = join(settings.socketDir, socketFolder(''));
  const longest = Object.values(bridgeSockets).map((name) => Buffer.byteLength(join(folder, name)));
  if (Math.max(...longest) <= maxSocketPathBytes) return [];
  return [
    {
      path: 'REMUDA_SOCKET_DIR',
      message: `expected a shorter path: a socket path has at most ${maxSocketPathBytes} bytes`,
    },
  ];
}

function withoutCredential(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const secret: readonly string[] = credentialVariables;
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !secret.includes(entry[0]) && !entry[0].startsWith(secretVariablePrefix),
  );
  return Object.fromEntries(kept);
}

function attempt<T>(read: () => T): { value?: T; error?: RemudaError } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof RemudaError) return { error };
    throw error;
  }
}

const faultsOf = (error: RemudaError | undefined): readonly Fault[] => error?.extra.faults ?? [];
