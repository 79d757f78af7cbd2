import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { RemudaError } from '@remuda/domain';
import { ownUser } from '../runner/local-runner.js';
import { runProgram } from '../runner/run-program.js';

/**
 * Path of Claude Code's binary for this platform, from the package that npm chose for this machine. `fromDir` is a
 * folder from which that can be resolved. Rejects with `engine.start_failed` if there is none: npm skips optional
 * dependencies that failed, or when told to.
 */
export function resolveClaude(fromDir: string): string {
  const resolve = createRequire(join(fromDir, 'package.json')).resolve;
  const packages = packagesOf(process.platform, process.arch, isMusl());
  for (const name of packages)
    for (const file of ['claude', 'claude.exe'])
      try {
        const path = join(resolve(`${name}/package.json`), '..', file);
        if (existsSync(path)) return path;
      } catch {
        continue;
      }
  throw new RemudaError(
    'engine.start_failed',
    `Claude Code is not installed: looked for ${packages.join(', ')} from ${fromDir}.`,
  );
}

/** The packages that may contain the binary, the likelier one first. Pure. */
export function packagesOf(platform: string, arch: string, musl: boolean): readonly string[] {
  const name = `@anthropic-ai/claude-code-${platform}-${arch}`;
  if (platform !== 'linux') return [name];
  return musl ? [`${name}-musl`, name] : [name, `${name}-musl`];
}

function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return readdirSync('/lib').some((file) => file.startsWith('ld-musl-'));
  } catch {
    return false;
  }
}

/** The version that a binary reports, `2.1.197`. Rejects with `engine.start_failed` if it cannot be run. */
export async function claudeVersion(claude: string): Promise<string> {
  try {
    const code = 'engine.start_failed';
    const start = { runner: ownUser, command: claude, args: ['--version'], cwd: '/', env: {} };
    const said = await runProgram({ ...start, timeoutMs: 20_000, code });
    return said?.toString('utf8').trim().split(' ')[0] ?? '';
  } catch (cause) {
    throw new RemudaError('engine.start_failed', `${claude} could not be run.`, { cause });
  }
}
