import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startScriptedModel, type ScriptedModel } from '@remuda/scripted-model';
import { expect } from 'vitest';
import { mainVersion } from '../engine/versions.js';

const run = promisify(execFile);
const session = 'claude-cc-bridge';

/** A Claude Code that a person has started in a tmux session, with a home, a model and a tmux server of its own. */
export interface PersonsClaude extends AsyncDisposable {
  readonly model: ScriptedModel;
  readonly home: string;
  /** What leads to its tmux server. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts Claude Code in the session, by these words for a shell, and waits until it takes prompts. */
  start(command?: string): Promise<void>;
  tmux(...args: readonly string[]): Promise<string>;
  screen(): Promise<string>;
}

/** A session with a shell in it. */
export async function personsTerminal(): Promise<PersonsClaude> {
  const root = await mkdtemp(join(tmpdir(), 'remuda-person-'));
  const [home, project] = [join(root, 'home'), join(root, 'project')];
  for (const folder of [home, project]) await mkdir(folder);
  const model = await startScriptedModel();
  const config = {
    ...{ hasCompletedOnboarding: true, theme: 'dark' },
    projects: { [project]: { hasTrustDialogAccepted: true } },
  };
  await writeFile(join(home, '.claude.json'), JSON.stringify(config));
  const env = {
    ...{ PATH: process.env['PATH'] ?? '', HOME: home, TMUX_TMPDIR: root, TERM: 'xterm-256color', LANG: 'C.UTF-8' },
    ...{ ANTHROPIC_BASE_URL: model.url, ANTHROPIC_AUTH_TOKEN: 'of-the-person', DISABLE_AUTOUPDATER: '1' },
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  };
  const tmux = async (...args: readonly string[]) => (await run('tmux', args, { env })).stdout.trimEnd();
  await tmux('-f', '/dev/null', 'new-session', '-d', '-s', session, '-x', '120', '-y', '40', '-c', project, 'sh');
  const screen = () => tmux('capture-pane', '-p', '-t', `=${session}:`);
  return {
    ...{ model, home, tmux, screen, env: { TMUX_TMPDIR: root } },
    start: async (command = mainVersion.claude) => {
      await tmux('send-keys', '-t', `=${session}:`, '-l', command);
      await tmux('send-keys', '-t', `=${session}:`, 'Enter');
      await expect.poll(screen, { timeout: 60_000 }).toMatch(/^❯/m);
    },
    [Symbol.asyncDispose]: async () => {
      await tmux('kill-server').catch(() => undefined);
      await model.close();
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
