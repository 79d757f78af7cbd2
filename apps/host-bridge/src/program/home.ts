import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '../clients/client.js';

/**
 * The folder that is a client's home: sessions, history and settings of its own. A new one says that the first
 * questions of Claude Code are answered, and has the instructions of the workspaces read, as those of a user: settings
 * of a workspace are not loaded, and its `CLAUDE.md` would not be either.
 */
export function openHome(folder: string, { workspaces }: Pick<Client, 'workspaces'>): string {
  mkdirSync(join(folder, '.claude'), { recursive: true, mode: 0o700 });
  const projects = Object.fromEntries(workspaces.map(({ container }) => [container, { hasTrustDialogAccepted: true }]));
  const imports = workspaces.map(({ container }) => `@${container}/CLAUDE.md`).join('\n');
  writeNew(join(folder, '.claude.json'), JSON.stringify({ hasCompletedOnboarding: true, projects }));
  writeNew(join(folder, '.claude', 'CLAUDE.md'), `${imports}\n`);
  return folder;
}

function writeNew(path: string, content: string): void {
  if (!existsSync(path)) writeFileSync(path, content, { mode: 0o600 });
}
