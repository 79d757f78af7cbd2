import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { firstWith, modelName, now, uniquePrompt, type Subject } from './subject.js';

/** Starts `claude -p <prompt>` as anybody would, and gives the ms until its first request. Its home is used again each time. */
export async function measureCold({ claude, dir, socket, model }: Subject): Promise<number> {
  const home = join(dir, 'cold-home');
  const cwd = join(dir, 'cold-work');
  await Promise.all([mkdir(home, { recursive: true }), mkdir(cwd, { recursive: true })]);
  const prompt = uniquePrompt();
  const seen = firstWith(model, prompt);
  const args = ['-p', prompt, '--model', modelName, '--permission-mode', 'bypassPermissions'];
  const began = now();
  const child = spawn(claude, [...args, '--setting-sources', 'user', '--strict-mcp-config'], {
    cwd,
    stdio: 'ignore',
    env: bareEnvironment(home, { ANTHROPIC_UNIX_SOCKET: socket, ANTHROPIC_BASE_URL: 'http://api.internal' }),
  });
  const ended = once(child, 'exit');
  const { at } = await seen;
  await ended;
  return at - began;
}

/** The environment of a Claude Code that somebody starts: `model` says where its model is. */
export function bareEnvironment(home: string, model: Readonly<Record<string, string>>): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    IS_SANDBOX: '1',
    ...model,
    ANTHROPIC_AUTH_TOKEN: 'bench',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
  };
}
