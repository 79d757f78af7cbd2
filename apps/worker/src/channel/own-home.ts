import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { RemudaError } from '@remuda/domain';
import { workerEnv } from '@remuda/protocol';
import type { Runner } from '@remuda/engine';

/**
 * Rejects with `config.invalid` if Claude Code would get the home of the person who starts the worker: its
 * `.claude/CLAUDE.md` would be replaced. A user that is only Claude Code's has a home for that.
 */
export async function refuseOwnHome(home: string, { alone }: Pick<Runner, 'alone'>): Promise<void> {
  if (alone) return;
  const [given, own] = await Promise.all([home, ownHome()].map((path) => realpath(path).catch(() => path)));
  if (given !== own) return;
  throw new RemudaError(
    'config.invalid',
    `${workerEnv.home} is your own home, ${home}: the worker would replace files of yours in its .claude. Give it a folder of its own, for example ${home}/claude-home.`,
  );
}

/** Empty where the user has none. */
function ownHome(): string {
  try {
    return homedir();
  } catch {
    return '';
  }
}
