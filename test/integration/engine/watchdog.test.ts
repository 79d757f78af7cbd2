import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { script } from '@remuda/scripted-model';
import { describe, expect, it } from 'vitest';
import { claudes, runs } from './process-table.js';
import { bash, claude, dataOf, made, nap, typesOf, warmStable } from './stable.js';

describe('a turn that is idle', () => {
  it('for too long while its tool prints nothing, is hung, and the tool is gone', async () => {
    await using one = await warmStable();
    const seconds = nap();
    const { end } = await one.run(script(bash(`sleep ${seconds}`), { text: 'never' }), { idleTimeoutMs: 1_500 });
    expect(end).toMatchObject({ kind: 'failed', failure: { code: 'engine.hung' }, ended: { processesLeft: 0 } });
    expect(runs(`sleep ${seconds}`)).toBe(false);
  });

  it('for less than that is left alone: the model takes its time between words, and so do tools', async () => {
    await using one = await warmStable();
    const answer = script(
      { text: 'five words come one by one', chunkMs: 400, ...bash('sleep 0.5') },
      { text: 'rested' },
    );
    const { end } = await one.run(answer, { idleTimeoutMs: 2_000 });
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'rested' } });
  });
});

describe('a turn that goes in circles', () => {
  const circles = script(...Array.from({ length: 6 }, () => bash('echo again')), { text: 'out of it' });

  it('is told once for each so many equal calls, and goes on', async () => {
    await using one = await warmStable();
    const { end, events } = await one.run(circles, { loopAfter: 3 });
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'out of it' } });
    expect(dataOf(events, 'attempt.looping')).toEqual([
      { tool: 'Bash', count: 3 },
      { tool: 'Bash', count: 6 },
    ]);
  });

  it('is ended where that is wanted, with what there is', async () => {
    await using one = await warmStable();
    const { end, events } = await one.run(circles, { loopAfter: 3, onLoop: 'stop' });
    expect(end).toMatchObject({
      kind: 'failed',
      failure: { code: 'job.looping', message: 'Bash was called 3 times in a row with the same input.' },
      ended: { processesLeft: 0 },
    });
    // on a busy machine the next request may be on its way when the interrupt comes
    expect([3, 4]).toContain(end.kind === 'failed' && end.result?.turns);
    expect(typesOf(events).filter((type) => type === 'attempt.looping')).toHaveLength(1);
  });
});

describe('the ladder', () => {
  const stuck = async (command: string, limits: { interruptMs: number; terminateMs: number }) => {
    const one = await warmStable({ limits: { controlMs: 60_000, ...limits } });
    const abort = new AbortController();
    const running = one.run(script(bash(`touch begun; ${command}`), { text: 'never' }), {}, abort.signal);
    await made(one, 'begun');
    return { one, abort, running };
  };

  it('ends at the interrupt for one that heeds it', async () => {
    const { one, abort, running } = await stuck(`sleep ${nap()}`, { interruptMs: 20_000, terminateMs: 20_000 });
    await using _ = one;
    abort.abort();
    // Claude Code ends its tools by itself; where one is still on its way out, it's helped along.
    const by = expect.stringMatching(/^(interrupt|terminate)$/) as string;
    expect((await running).end).toMatchObject({ kind: 'interrupted', ended: { by, processesLeft: 0 } });
    expect(claudes()).toHaveLength(1);
  });

  it('goes on to SIGTERM for one that was stopped', async () => {
    const { one, abort, running } = await stuck(`sleep ${nap()}`, { interruptMs: 300, terminateMs: 20_000 });
    await using _ = one;
    for (const pid of claudes()) process.kill(pid, 'SIGSTOP');
    abort.abort();
    expect((await running).end).toMatchObject({ kind: 'interrupted', ended: { by: 'terminate', processesLeft: 0 } });
    expect(claudes()).toEqual([]);
  });

  it('gives what a tool has left behind the time to end by itself', async () => {
    const seconds = nap();
    const { one, abort, running } = await stuck(
      `setsid -f bash -c 'trap "touch tidied; exit" TERM; touch trapped; sleep ${seconds} & wait' >/dev/null 2>&1; sleep ${nap()}`,
      { interruptMs: 20_000, terminateMs: 20_000 },
    );
    await using _ = one;
    await made(one, 'trapped');
    abort.abort();
    expect((await running).end).toMatchObject({ ended: { by: 'terminate', processesLeft: 0 } });
    await made(one, 'tidied');
    expect(runs(`sleep ${seconds}`)).toBe(false);
  });

  it('goes on to SIGKILL for what does not heed SIGTERM', async () => {
    const seconds = nap();
    const { one, abort, running } = await stuck(
      `setsid -f bash -c 'trap "" TERM; touch trapped; while :; do sleep ${seconds}; done' >/dev/null 2>&1; sleep ${nap()}`,
      { interruptMs: 20_000, terminateMs: 300 },
    );
    await using _ = one;
    await made(one, 'trapped');
    abort.abort();
    expect((await running).end).toMatchObject({ ended: { by: 'kill', processesLeft: 0 } });
    expect(runs(`sleep ${seconds}`)).toBe(false);
  });
});

describe('after its result', () => {
  it('a grandchild that holds the pipe is killed, and the turn succeeds with a warning', async () => {
    await using one = await warmStable();
    const seconds = nap();
    const { end, events } = await one.run(script(bash(`setsid sleep ${seconds} & echo started`), { text: 'done' }));
    const told = dataOf(events, 'attempt.warned').map(({ message }) => message);
    // a busy machine may show other processes of Claude Code's beside it, and Claude Code itself may linger
    expect(told.at(-1)).toMatch(
      /^\d+ process.* started w.* still running after its result and w.* killed \(.*sleep.*\)/,
    );
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'done', warnings: told } });
    expect(runs(`sleep ${seconds}`)).toBe(false);
  });

  it('a program of the caller, which ends it before the sweep, is not taken for one of the job', async () => {
    await using one = await warmStable();
    const seconds = nap();
    const own = spawn('sleep', [seconds], {
      env: { ...process.env, REMUDA_SCOPE: one.engine.workspace.scope },
      stdio: 'ignore',
    });
    const beforeSweep = async (): Promise<void> => {
      const ended = once(own, 'exit');
      own.kill('SIGKILL');
      await ended;
    };
    const { end } = await one.run(script(bash('echo started'), { text: 'done' }), { beforeSweep });
    const named = end.kind === 'succeeded' ? (end.result.warnings ?? []).join() : '';
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'done' } });
    expect(named).not.toContain('sleep');
  });

  it("one that holds Claude Code's own output does not hold up the end of a process of the job's own", async () => {
    await using one = await warmStable();
    const seconds = nap();
    const held = bash(`setsid sleep ${seconds} >/proc/$PPID/fd/1 2>&1 & echo started`);
    const { end } = await one.run(script(held, { text: 'done' }), { appendSystemPrompt: 'own' });
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'done' } });
    expect(runs(`sleep ${seconds}`)).toBe(false);
  });

  it('Claude Code that is still busy is killed after a grace, and the turn succeeds with a warning', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'remuda-linger-'));
    const lingering = join(folder, 'claude');
    const program = fileURLToPath(new URL('lingering.mjs', import.meta.url));
    await writeFile(lingering, `#!/bin/sh\nexec '${process.execPath}' '${program}' '${claude}' "$@"\n`, {
      mode: 0o755,
    });
    await using one = await warmStable({ claude: lingering, limits: { restMs: 400 } });
    const { end } = await one.run(script({ text: 'linger' }));
    const warning = 'Claude Code was still busy 400 ms after its result and was killed.';
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'linger', warnings: [warning] } });
    expect(claudes()).toEqual([]);
    await rm(folder, { recursive: true });
  });
});
