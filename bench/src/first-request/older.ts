import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { claudeVersion } from '@remuda/engine';

/** The oldest version of Claude Code that is served, for which the targets are other ones. */
export const olderVersion = '2.1.197';

const run = promisify(execFile);

/**
 * The older Claude Code, fetched by npm into a temporary folder that is kept for the next run. Rejects where the
 * registry or this platform has none.
 */
export async function fetchOlder(): Promise<string> {
  const name = `@anthropic-ai/claude-code-${process.platform}-${process.arch}@${olderVersion}`;
  const dir = join(tmpdir(), `remuda-bench-claude-${olderVersion}`);
  const claude = join(dir, 'package/claude');
  if (!existsSync(claude) || (await claudeVersion(claude).catch(() => '')) !== olderVersion) {
    await mkdir(dir, { recursive: true });
    const { stdout } = await run('npm', ['pack', '--silent', name], { cwd: dir, timeout: 120_000 });
    await run('tar', ['-xzf', stdout.trim()], { cwd: dir });
  }
  return claude;
}
