import { fileURLToPath } from 'node:url';
import { RemudaError, type PermissionMode } from '@remuda/domain';
import { script } from '@remuda/scripted-model';
import { describe, expect, it } from 'vitest';
import { claudes, runs } from './process-table.js';
import { bash, dataOf, made, nap, stable, warmStable } from './stable.js';

describe('an interrupt', () => {
  it('ends a running tool and all of its processes, and the engine goes on', async () => {
    await using one = await warmStable();
    const seconds = nap();
    const abort = new AbortController();
    const running = one.run(script(bash(`touch begun; sleep ${seconds}`), { text: 'never' }), {}, abort.signal);
    await made(one, 'begun');
    const since = performance.now();
    abort.abort();
    const { end } = await running;
    // 2 s where the machine has time; the tool itself would take minutes
    expect(performance.now() - since).toBeLessThan(20_000);
    expect(end).toMatchObject({ kind: 'interrupted', result: { turns: 1 } });
    expect(runs(`sleep ${seconds}`)).toBe(false);
    await one.engine.reset();
    expect((await one.run('again')).end).toMatchObject({ kind: 'succeeded', result: { text: 'ok: again' } });
  });

  it('ends an answer that the model is still giving', async () => {
    await using one = await warmStable();
    const abort = new AbortController();
    const running = one.run(script({ text: 'a long answer that takes its time', chunkMs: 2_000 }), {}, abort.signal);
    await one.model.seen((request) => request.main);
    abort.abort();
    expect((await running).end.kind).toBe('interrupted');
  });

  it('that came before the turn leaves nothing to do', async () => {
    await using one = await warmStable();
    expect((await one.run('hi', {}, AbortSignal.abort())).end).toEqual({ kind: 'interrupted' });
    expect(one.model.requests.filter((request) => request.main)).toEqual([]);
  });

  it('of a turn whose process is still starting leaves the warm one as it is', async () => {
    await using one = await warmStable();
    const [warm] = claudes();
    const { end } = await one.run('hi', { appendSystemPrompt: 'own' }, AbortSignal.timeout(50));
    expect(end).toEqual({ kind: 'interrupted' });
    await expect.poll(claudes).toEqual([warm]);
    expect((await one.run('again')).end.kind).toBe('succeeded');
  });

  it('kills a Claude Code that does not heed it', async () => {
    await using one = await warmStable({ limits: { interruptMs: 300, controlMs: 60_000 } });
    const abort = new AbortController();
    const running = one.run(script(bash(`touch begun; sleep ${nap()}`), { text: 'never' }), {}, abort.signal);
    await made(one, 'begun');
    for (const pid of claudes()) process.kill(pid, 'SIGSTOP');
    abort.abort();
    expect((await running).end.kind).toBe('interrupted');
    expect(claudes()).toEqual([]);
    await expect(one.engine.reset()).rejects.toMatchObject({ code: 'engine.crashed' });
  });
});

describe('what a job left running', () => {
  it.each([
    ['with nohup', (seconds: string) => `nohup sleep ${seconds} >/dev/null 2>&1 &`],
    ['in a session of its own', (seconds: string) => `setsid -f sleep ${seconds} >/dev/null 2>&1`],
    [
      'and it starts itself again when killed',
      (seconds: string) => `setsid -f bash -c 'while :; do sleep ${seconds}; done' >/dev/null 2>&1`,
    ],
  ])('is gone after the turn: %s', async (_, command) => {
    await using one = await warmStable();
    const seconds = nap();
    const { end } = await one.run(
      script(bash(`${command(seconds)} touch x`.replace('&1 touch', '&1; touch')), { text: 'ok' }),
    );
    expect(end.kind).toBe('succeeded');
    expect(runs(`sleep ${seconds}`)).toBe(false);
    await one.engine.reset();
    expect((await one.run('again')).end.kind).toBe('succeeded');
  });

  it('was really running', async () => {
    await using one = await warmStable();
    const seconds = nap();
    const check = bash(`sleep ${seconds} & kill -0 $! && echo runs`);
    const { events } = await one.run(script(check, { text: 'ok' }));
    expect(dataOf(events, 'tool.returned')[0]?.output).toContain('runs');
  });
});

describe('the end of Claude Code', () => {
  it('in the middle of a turn is a failed end, with what it had so far', async () => {
    await using one = await warmStable();
    const running = one.run(script({ text: 'first', ...bash(`touch begun; sleep ${nap()}`) }, { text: 'never' }));
    await made(one, 'begun');
    for (const pid of claudes()) process.kill(pid, 'SIGKILL');
    expect((await running).end).toMatchObject({
      kind: 'failed',
      failure: { code: 'engine.crashed', message: 'Claude Code ended with SIGKILL.' },
      result: { text: 'first', turns: 1 },
    });
    expect(one.exits).toEqual([]);
    expect(one.engine.readiness({})).toBe('cold');
  });

  it('while it waits for a job is told, and the next turn starts it again', async () => {
    let tell: (reason: string) => void = () => undefined;
    const told = new Promise<string>((resolve) => (tell = resolve));
    await using one = await warmStable({
      onExit: (reason) => {
        tell(reason);
      },
    });
    for (const pid of claudes()) process.kill(pid, 'SIGKILL');
    expect(await told).toBe('Claude Code ended with SIGKILL.');
    expect(one.engine.readiness({})).toBe('cold');
    expect((await one.run('hi')).end).toMatchObject({ kind: 'succeeded' });
  });

  it('comes when it answers no control request in time', async () => {
    await using one = await warmStable({ limits: { controlMs: 300 } });
    for (const pid of claudes()) process.kill(pid, 'SIGSTOP');
    const { end } = await one.run('hi');
    expect(end).toMatchObject({ kind: 'failed', failure: { code: 'engine.unresponsive' } });
    expect(claudes()).toEqual([]);
  });

  it('and of all its tools comes with kill, also in the middle of a turn, and a second time', async () => {
    await using one = await warmStable({ spare: 'bypassPermissions' });
    const seconds = nap();
    const running = one.run(script(bash(`touch begun; sleep ${seconds}`), { text: 'never' }));
    await made(one, 'begun');
    await one.engine.kill();
    await one.engine.kill();
    expect((await running).end).toMatchObject({ kind: 'failed', failure: { code: 'engine.crashed' } });
    expect(claudes()).toEqual([]);
    expect(runs(`sleep ${seconds}`)).toBe(false);
    await expect(one.engine.reset()).rejects.toMatchObject({ code: 'engine.crashed' });
    expect((await one.run('hi')).end).toMatchObject({ kind: 'failed', failure: { code: 'engine.crashed' } });
    expect(claudes()).toEqual([]);
  });

  it('while it starts comes with kill as well', async () => {
    await using one = await stable({ spare: 'bypassPermissions' });
    const refused = expect(one.engine.warm()).rejects.toBeInstanceOf(RemudaError);
    await one.engine.kill();
    await refused;
    expect(claudes()).toEqual([]);
  });
});

const sleeper = fileURLToPath(new URL('sleeper.sh', import.meta.url));

describe('a start that fails', () => {
  it('says that the program is not there', async () => {
    await using one = await stable({ claude: '/nonexistent/claude' });
    await expect(one.engine.warm()).rejects.toMatchObject({
      code: 'engine.start_failed',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('gives the last lines that the program printed', async () => {
    await using one = await stable({ profile: { permissionMode: 'noSuchMode' as PermissionMode } });
    await expect(one.engine.warm()).rejects.toMatchObject({
      code: 'engine.start_failed',
      message: expect.stringContaining('exit code 1'),
      extra: { lastLines: expect.arrayContaining([expect.stringContaining('noSuchMode')]) },
    });
  });

  it('ends when the program is never ready', async () => {
    await using one = await stable({ claude: sleeper, limits: { startMs: 300 } });
    await expect(one.engine.warm()).rejects.toMatchObject({
      code: 'engine.start_failed',
      message: expect.stringContaining('within 300 ms'),
    });
    expect(runs(sleeper)).toBe(false);
  });

  it('of a turn is that turn’s failed end', async () => {
    await using one = await stable({ claude: '/nonexistent/claude' });
    expect((await one.run('hi')).end).toMatchObject({ kind: 'failed', failure: { code: 'engine.start_failed' } });
  });
});
