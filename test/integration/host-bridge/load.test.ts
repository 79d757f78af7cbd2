import { describe, expect, test } from 'vitest';
import { dial, hasBwrap, runHostBridge, runOf } from './running-host-bridge.js';

const agents = 50;

/** One agent: asks, and says how long it waited for all of its answer, in ms. */
async function ask(socket: string, n: number): Promise<{ readonly ms: number; readonly ok: boolean }> {
  const began = performance.now();
  using line = await dial(socket);
  line.send(runOf(['-p', `agent ${String(n)}`]));
  line.send({ type: 'stdin_end' });
  const end = await line.over();
  const ok = end?.type === 'exit' && end.code === 0 && line.bytes('stdout') === `ok: agent ${String(n)}\n`;
  return { ms: performance.now() - began, ok };
}

describe.skipIf(!hasBwrap)('many agents of one host bridge', () => {
  test('50 at once are all answered, and the last one waits at most three times as long as the median', async () => {
    const clients = Array.from({ length: agents - 1 }, (_, i) => ({ name: `agent-${String(i + 2)}` }));
    const dir = `/tmp/hb-load-${String(process.pid)}`;
    const withSockets = clients.map((client) => ({ ...client, socket: `${dir}/${client.name}.sock` }));
    await using run = await runHostBridge({ clients: withSockets, env: { REMUDA_HOST_BRIDGE_RUNNING: '4' } });
    const sockets = [run.socket, ...withSockets.map(({ socket }) => socket)];
    const all = await Promise.all(sockets.map((socket, n) => ask(socket, n)));
    const waits = all.map(({ ms }) => ms).sort((a, b) => a - b);
    const [median = 0, longest = 0] = [waits[agents / 2], waits.at(-1)];
    const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
    const answered = all.filter(({ ok }) => ok).length;
    process.stdout.write(
      `load: ${agents} agents at once, ${answered} answered, median ${seconds(median)}, longest ${seconds(longest)}, ${(longest / median).toFixed(2)}x\n`,
    );
    expect(answered).toBe(agents);
    expect(longest).toBeLessThanOrEqual(3 * median);
  }, 600_000);
});
