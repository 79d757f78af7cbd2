import { execFile } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { claudeVersion } from '@remuda/engine';

/** What the figures were measured on. It names no host and no path. */
export type Machine = Readonly<Record<string, string>>;

const run = promisify(execFile);

/** Looks at this machine; what is not there is said to be absent. */
export async function lookAtMachine(claude: string): Promise<Machine> {
  const [redis, docker, cli] = await Promise.all([
    firstLine('redis-server', ['--version'], /v=([\d.]+)/),
    firstLine('docker', ['version', '--format', '{{.Server.Version}}'], /^(\S+)/),
    claudeVersion(claude).catch(() => 'absent'),
  ]);
  return {
    cores: `${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${process.arch}, kernel ${release().split('-')[0] ?? ''}`,
    Node: process.versions.node,
    Redis: redis,
    Docker: docker,
    'Claude Code': cli,
  };
}

async function firstLine(program: string, args: readonly string[], pattern: RegExp): Promise<string> {
  try {
    const { stdout } = await run(program, args, { timeout: 10_000 });
    return pattern.exec(stdout)?.[1] ?? 'unknown';
  } catch {
    return 'absent';
  }
}
