import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import type { Command, RedisWay } from './redis-plan.js';

/** Debian's packages ask this program whether they may start their services; 101 means no. */
const policyFile = '/usr/sbin/policy-rc.d';

/** Options of an installation. */
export interface InstallOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called with each command before it runs. */
  readonly say: (line: string) => void;
}

/**
 * Installs Redis with the system's package manager, and reports the commands. The service of Debian's package is
 * neither started nor enabled: only our own server is wanted. Rejects if a command fails.
 */
export async function installRedis(
  way: Extract<RedisWay, { kind: 'install' }>,
  options: InstallOptions,
): Promise<void> {
  const forbade = way.manager === 'apt-get' && (await forbidServices());
  try {
    for (const command of way.commands) {
      options.say(`running ${command.join(' ')}`);
      await run(command, options.env);
    }
  } finally {
    if (forbade) await rm(policyFile, { force: true });
  }
  if (way.manager === 'apt-get')
    await run(['systemctl', 'disable', '--now', 'redis-server'], options.env).catch(() => undefined);
}

/** False if the machine already has a policy of its own. */
async function forbidServices(): Promise<boolean> {
  try {
    await writeFile(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

async function run([program, ...args]: Command, env: InstallOptions['env']): Promise<void> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new Error(`${program} ended with code ${code ?? 'none'}: ${printed.join('').trim().slice(-400)}`);
}
