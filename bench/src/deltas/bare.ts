import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isRecord, parseJson } from '@remuda/protocol';
import { bareEnvironment } from '../first-request/cold.js';
import { modelName, now } from '../first-request/subject.js';
import type { Arrivals } from './arrivals.js';

/** Where a bare process runs. Its home is used again each time. */
export interface BarePlace {
  readonly claude: string;
  readonly modelUrl: string;
  readonly dir: string;
}

/** Runs `claude -p <prompt>` with partial messages, and notes how late each delta comes out of it. */
export async function followBare(prompt: string, { claude, modelUrl, dir }: BarePlace): Promise<Arrivals> {
  const [home, cwd] = [join(dir, 'home'), join(dir, 'work')];
  await Promise.all([mkdir(home, { recursive: true }), mkdir(cwd, { recursive: true })]);
  const output = ['--output-format', 'stream-json', '--include-partial-messages', '--verbose'];
  const args = ['-p', prompt, '--model', modelName, '--permission-mode', 'bypassPermissions', ...output];
  const child = spawn(claude, [...args, '--setting-sources', 'user', '--strict-mcp-config'], {
    cwd,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: bareEnvironment(home, { ANTHROPIC_BASE_URL: modelUrl }),
  });
  const ended = once(child, 'exit');
  const delays: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const sentAt = textOfDelta(parseJson(line));
    if (sentAt !== undefined) delays.push(now() - Number(sentAt));
  }
  await ended;
  return { delays };
}

function textOfDelta(message: unknown): string | undefined {
  const event = isRecord(message) && message['type'] === 'stream_event' ? message['event'] : undefined;
  const delta = isRecord(event) ? event['delta'] : undefined;
  return isRecord(delta) && delta['type'] === 'text_delta' ? String(delta['text']) : undefined;
}
