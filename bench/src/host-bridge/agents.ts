import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { BridgeFor } from './bridge.js';

/** How long agents that asked at once have waited for the whole answer. */
export interface Waits {
  readonly answered: number;
  readonly medianMs: number;
  readonly longestMs: number;
}

/** Lets an agent at each socket ask at the same moment, by the client's program. */
export async function askAtOnce({
  client,
  work,
  sockets,
}: Pick<BridgeFor, 'work' | 'sockets'> & { readonly client: string }): Promise<Waits> {
  const all = await Promise.all(sockets.map((socket, n) => ask({ client, work, socket }, `agent ${String(n)}`)));
  const waits = all.map(({ ms }) => ms).sort((a, b) => a - b);
  return {
    answered: all.filter(({ ok }) => ok).length,
    medianMs: waits[Math.floor(waits.length / 2)] ?? NaN,
    longestMs: waits.at(-1) ?? NaN,
  };
}

async function ask(
  { client, work, socket }: { readonly client: string; readonly work: string; readonly socket: string },
  prompt: string,
): Promise<{ readonly ms: number; readonly ok: boolean }> {
  const began = performance.now();
  const options = { cwd: work, env: { CLAUDE_BRIDGE_SOCKET: socket } };
  const child = spawn(client, ['-p', prompt, '--model', 'sonnet'], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  return { ms: performance.now() - began, ok: code === 0 && said === `ok: ${prompt}\n` };
}
