import { pathToFileURL } from 'node:url';
import { credentialVariables } from '../model-choice.mjs';
import type { RuntimeKind } from './runtime-choice.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Addresses of the parts of a cluster. */
export interface ClusterPlaces {
  readonly redisUrl: string;
  readonly namespace: string;
  readonly runtime: RuntimeKind;
  /** Private folder, short enough for the path of a socket in it. */
  readonly dir: string;
  /** Folder of the api's embedded database, if it has one; the environment's own settings come first. */
  readonly storeDir?: string;
  /** The scripted model, if it replaces the real one. */
  readonly scriptedModelUrl?: string | undefined;
  /** Encrypts given secrets; the environment's own setting comes first. */
  readonly secretsKey: string;
  readonly apiPort: number;
  readonly schedulerPort: number;
  readonly bridgePort: number;
}

/**
 * The environment of each app: the user's own, with the addresses of this cluster. Only the bridge gets the model's
 * credential, and no app if the model is the scripted one. Secrets that sign webhooks (`WEBHOOK…`) by which commits are pushed (`PUSH…`) and for other hosts (`EGRESS…`) are the bridge's, all others
 * are for jobs, by the scheduler.
 */
export function planEnvironments(
  env: Env,
  places: ClusterPlaces,
): Readonly<Record<'bridge' | 'scheduler' | 'api', Env>> {
  const secret: readonly string[] = credentialVariables;
  const { REMUDA_SECRETS_KEY: secretsKey = places.secretsKey, ...others } = env;
  const [secrets, rest] = partition(others, (name) => name.startsWith('REMUDA_SECRET_'));
  const [signing, named] = partition(secrets, (name) => /^REMUDA_SECRET_(WEBHOOK|PUSH|EGRESS)/.test(name));
  const withoutCredential = Object.fromEntries(Object.entries(rest).filter(([name]) => !secret.includes(name)));
  const shared = {
    REMUDA_REDIS_URL: places.redisUrl,
    REMUDA_NAMESPACE: places.namespace,
    REMUDA_SOCKET_DIR: socketDir(places.dir),
    REMUDA_API_HOST: '127.0.0.1',
  };
  const files = { REMUDA_BLOBS_URL: pathToFileURL(`${places.dir}/blobs`).href };
  const model =
    places.scriptedModelUrl === undefined
      ? rest
      : { ...withoutCredential, REMUDA_MODEL_URL: places.scriptedModelUrl, REMUDA_MODEL_CREDENTIAL: 'none' };
  return {
    bridge: {
      REMUDA_MIRROR_DIR: `${places.dir}/mirrors`,
      ...files,
      ...signing,
      ...model,
      ...shared,
      REMUDA_BRIDGE_ADMIN_PORT: String(places.bridgePort),
    },
    scheduler: {
      REMUDA_SECRETS_KEY: secretsKey,
      ...named,
      ...withoutCredential,
      ...shared,
      REMUDA_RUNTIME: places.runtime,
      REMUDA_WORKER_DIR: `${places.dir}/workers`,
      REMUDA_WORKERS_ON_EXIT: 'remove',
      REMUDA_SCHEDULER_PORT: String(places.schedulerPort),
    },
    api: {
      REMUDA_SECRETS_KEY: secretsKey,
      ...files,
      ...(places.storeDir === undefined ? {} : { REMUDA_STORE_DIR: places.storeDir }),
      ...withoutCredential,
      ...shared,
      REMUDA_API_PORT: String(places.apiPort),
    },
  };
}

/** Splits an environment by the names of its variables: those that are meant, and all others. */
function partition(env: Env, isMeant: (name: string) => boolean): readonly [Env, Env] {
  const entries = Object.entries(env);
  const of = (meant: boolean): Env => Object.fromEntries(entries.filter(([name]) => isMeant(name) === meant));
  return [of(true), of(false)];
}

/** Folder of the bridge's sockets. */
export function socketDir(dir: string): string {
  return `${dir}/s`;
}
