import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { idleToken } from '@remuda/protocol';

const { resolve } = createRequire(import.meta.url);
const claude = join(
  dirname(resolve(`@anthropic-ai/claude-code-${process.platform}-${process.arch}/package.json`)),
  'claude',
);

/** A line of the CLI's output. */
export type Line = Readonly<Record<string, unknown>>;

/** The real CLI in stream-json mode, whose only way to a model is the bridge's socket. */
export interface ClaudeProcess extends AsyncDisposable {
  /** Sends a control request; resolves with its response. */
  control(request: Line): Promise<Line>;
  /** Sends a prompt; resolves with the turn's result. */
  turn(text: string): Promise<Line>;
  /** Lines so far. */
  readonly lines: readonly Line[];
}

/** Starts the CLI as a warm worker does: no job yet, the idle placeholder as its credential. */
export function startClaude(socket: string, home: string): ClaudeProcess {
  const args = ['-p', '--input-format', 'stream-json', '--output-format', 'stream-json', '--verbose'];
  const child = spawn(claude, [...args, '--model', 'claude-sonnet-4-5', '--setting-sources', 'user'], {
    cwd: home,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      IS_SANDBOX: '1',
      ANTHROPIC_UNIX_SOCKET: socket,
      ANTHROPIC_BASE_URL: 'http://api.internal',
      ANTHROPIC_AUTH_TOKEN: idleToken,
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
    },
  });
  // It may have ended before it has read all.
  child.stdin.on('error', () => undefined);
  const exited = once(child, 'exit');
  const lines: Line[] = [];
  const waiting = new Set<(line: Line) => void>();
  createInterface(child.stdout).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    for (const see of waiting) see(line);
  });
  const next = (fits: (line: Line) => boolean): Promise<Line> =>
    new Promise((found) => {
      const see = (line: Line): void => {
        if (!fits(line)) return;
        waiting.delete(see);
        found(line);
      };
      waiting.add(see);
    });
  const send = (value: Line): void => void child.stdin.write(`${JSON.stringify(value)}\n`);
  let requests = 0;
  return {
    lines,
    control: async (request) => {
      const id = `r${String(++requests)}`;
      const answer = next((line) => (line['response'] as Line | undefined)?.['request_id'] === id);
      send({ type: 'control_request', request_id: id, request });
      return answer;
    },
    turn: async (text) => {
      const result = next((line) => line['type'] === 'result');
      send({ type: 'user', message: { role: 'user', content: text } });
      return result;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
