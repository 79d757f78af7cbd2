import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { packageManagers, type RedisFacts } from './redis-plan.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Detects this machine's options for a Redis. */
export async function findRedisFacts(env: Env): Promise<RedisFacts> {
  const url = env['REMUDA_REDIS_URL'] ?? '';
  const [server, docker, ...managers] = await Promise.all([
    findServer(env),
    dockerAnswers(env),
    ...packageManagers.map((name) => onPath(name, env)),
  ]);
  return {
    ...(url === '' ? {} : { url }),
    ...(server === undefined ? {} : { server }),
    docker,
    root: process.getuid?.() === 0,
    managers: packageManagers.filter((_, i) => managers[i] !== undefined),
  };
}

/** Path of a Redis or Valkey server. */
export async function findServer(env: Env): Promise<string | undefined> {
  return (await onPath('redis-server', env)) ?? (await onPath('valkey-server', env));
}

/** Whether the `docker` command reaches an engine. */
export async function dockerAnswers(env: Env): Promise<boolean> {
  try {
    await promisify(execFile)('docker', ['version', '--format', '{{.Server.Version}}'], { env, timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

async function onPath(name: string, env: Env): Promise<string | undefined> {
  // A user's PATH often lacks the folders of servers.
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];
  for (const folder of folders) {
    const path = join(folder === '' ? '.' : folder, name);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}
