import { script } from '@remuda/scripted-model';
import { describe, expect, test } from 'vitest';
import { MemoryGroups } from '../../../apps/host-bridge/src/program/memory-groups.js';
import { dial, hasBwrap, runHostBridge, runOf } from './running-host-bridge.js';

const groups = MemoryGroups.find();
groups?.close();

/** `tail` keeps all of it. */
const hungry = 'head -c 1200M /dev/zero | tail -c 1200M | wc -c';

describe.skipIf(!hasBwrap || !groups)('the memory of a run', () => {
  test('is limited with all that it starts, and others go on', async () => {
    await using run = await runHostBridge({
      client: { memoryMb: 700 },
    });
    const prompt = script(
      { tools: [{ name: 'Bash', input: { command: hungry, description: 'eat' } }] },
      { text: 'done' },
    );
    using greedy = await dial(run.socket);
    greedy.send(runOf(['-p', '--allowedTools=Bash', prompt]));
    greedy.send({ type: 'stdin_end' });
    const end = await greedy.over();
    // the kernel ended the command, or the whole run
    expect(end).toMatchObject({ type: 'exit', code: expect.any(Number) as number });
    const results = JSON.stringify(run.model.lastMain?.messages);
    expect(results).toContain('tail -c 1200M');
    expect(results).not.toContain('1258291200');
    using modest = await dial(run.socket);
    modest.send(runOf(['-p', 'say hi']));
    modest.send({ type: 'stdin_end' });
    expect(await modest.over()).toMatchObject({ code: 0 });
  });
});
