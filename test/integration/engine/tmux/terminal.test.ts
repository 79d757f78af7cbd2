import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewEvent } from '@remuda/domain';
import type { StoppedTurn } from '@remuda/engine';
import { script } from '@remuda/scripted-model';
import { describe, expect, test } from 'vitest';
import { bash, dataOf, made, nap, typesOf } from '../stable.js';
import { hasTmux, terminal, type Terminal } from './terminal.js';

/** The process id of a terminal's tmux server: its own user's, found by its mark. */
function serverOf({ home }: Terminal): number {
  const found = readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return (
        command.startsWith('tmux') &&
        command.includes(home) &&
        readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('tmux: server')
      );
    } catch {
      return false;
    }
  });
  expect(found).toHaveLength(1);
  return Number(found[0]);
}

/** The file to which the calls of its hooks are appended. */
function callsOf({ home }: Terminal): string {
  const folder = join(home, '.claude/remuda');
  const [name = ''] = readdirSync(folder).filter((each) => each.startsWith('calls-'));
  return join(folder, name);
}

/** The text of the last prompt that the model got. */
function promptOf({ model }: Terminal): string {
  const content = model.lastMain?.messages.findLast(({ role }) => role === 'user')?.content ?? '';
  return typeof content === 'string' ? content : (content.findLast(({ type }) => type === 'text')?.text ?? '');
}

describe.skipIf(!hasTmux)('Claude Code in a terminal', () => {
  test('tells of what it says, thinks and does as the stream-json process does, from its transcript', async () => {
    await using one = await terminal();
    await one.engine.warm('job-token');
    const { end, events } = await one.run(
      script(
        { thinking: 'hm', text: 'let me look', ...bash('echo found') },
        { text: 'done', usage: { output_tokens: 7 } },
      ),
      { env: { GREETING: 'hello' } },
    );
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'done', turns: 2, costUsd: 0 } });
    expect(typesOf(events)).toEqual([
      ...[
        'session.started',
        'message.thinking',
        'message.text',
        'tool.called',
        'tool.returned',
        'message.text',
        'turn.ended',
      ],
    ]);
    expect(dataOf(events, 'tool.returned')).toEqual([expect.objectContaining({ ok: true, output: 'found' })]);
    expect(dataOf(events, 'session.started')).toEqual([
      expect.objectContaining({ version: expect.stringMatching(/^2\.1\./) as string }),
    ]);
  });

  test('goes on after its tmux server was killed in the middle of a turn, and does nothing twice', async () => {
    await using one = await terminal();
    await one.engine.warm('job-token');
    const events: NewEvent[] = [];
    const begun = made(one, 'begun');
    let noted = (): void => undefined;
    // A call that is not in the transcript yet would be made again: Claude Code writes it some 100 ms after it began.
    const called = new Promise<void>((resolve) => (noted = resolve));
    const turn = one.engine.turn(
      {
        prompt: script(bash(`echo once >> done; touch begun; sleep ${nap()}`), bash('cat done'), {
          text: 'the right answer',
        }),
        ...{ deltas: false, bridgeToken: 'job-token', env: {} },
      },
      (event) => {
        events.push(event);
        if (event.type === 'tool.called') noted();
      },
      new AbortController().signal,
    );
    await Promise.all([begun, called]);
    process.kill(serverOf(one), 'SIGKILL');
    const end = await turn;
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'the right answer' } });
    expect(dataOf(events, 'attempt.warned')).toEqual([{ message: expect.stringContaining('resumed') as string }]);
    expect(dataOf(events, 'message.text')).toEqual([{ text: 'the right answer' }]);
    expect(dataOf(events, 'tool.returned').at(-1)).toMatchObject({ output: 'once' });
    expect(one.exits).toEqual([]);
  });

  test('is there again after its session was closed between two turns, with its conversation', async () => {
    await using one = await terminal();
    await one.engine.warm('job-token');
    expect((await one.run(script({ text: 'one' }))).end.kind).toBe('succeeded');
    process.kill(serverOf(one), 'SIGKILL');
    const { end } = await one.run('and what was that?');
    expect(end).toMatchObject({ kind: 'succeeded' });
    expect(JSON.stringify(one.model.lastMain?.messages)).toContain('one');
  });

  test("asks with the turn's own credential, and with no earlier one", async () => {
    await using one = await terminal();
    await one.engine.warm('first');
    await one.run(script({ text: 'a' }), { bridgeToken: 'first' });
    await one.run(script({ text: 'b' }), { bridgeToken: 'second' });
    const tokens = one.model.requests.filter(({ main }) => main).map(({ headers }) => headers['x-remuda-token']);
    expect(tokens).toEqual(['first', 'second']);
  });

  test.each([
    ['quotes and shell', 'say "it\'s" $(touch /tmp/never) `id` \\ ; | & \\n'],
    ['lines', 'one\ntwo\n\n  three'],
    ['escapes', 'red \u001b[31m, end of paste \u001b[201~\r/exit\r, bell \u0007, interrupt \u0003'],
    ['a command', '/exit'],
    ['a shell command', '!touch ran'],
    ['a backslash at the end', 'path C:\\'],
  ])('a prompt with %s reaches the model', async (_, prompt) => {
    await using one = await terminal();
    await one.engine.warm('job-token');
    const { end } = await one.run(prompt);
    expect(end.kind).toBe('succeeded');
    const words = prompt.match(/[a-z]{3,}/gi) ?? [];
    for (const word of words) expect(promptOf(one)).toContain(word);
    expect(readdirSync(one.workspace)).not.toContain('ran');
  });

  test('a prompt of 100 kB reaches the model whole', async () => {
    await using one = await terminal();
    await one.engine.warm('job-token');
    const prompt = Array.from({ length: 2_600 }, (_each, n) => `line ${String(n)} of a long prompt, é 😀 "q"`).join(
      '\n',
    );
    expect(Buffer.byteLength(prompt)).toBeGreaterThan(100_000);
    expect((await one.run(prompt)).end.kind).toBe('succeeded');
    // on a busy machine Claude Code takes a long paste for several, and marks each
    const whole = (text: string): string => text.replace(/<\/?pasted_content[^>]*>|\s+/g, '');
    expect(whole(promptOf(one))).toContain(whole(prompt));
  });

  test('writes a response by its Stop hook, and tells of the stop', async () => {
    const stops: StoppedTurn[] = [];
    const responses = await mkdtemp(join(tmpdir(), 'remuda-responses-'));
    await using one = await terminal({ responses, onStop: (stop) => stops.push(stop) });
    await one.engine.warm('job-token');
    const { end } = await one.run(script({ text: 'it is "done"\n' }), { requestId: 'job-1' });
    expect(end.kind).toBe('succeeded');
    const response = JSON.parse(await readFile(join(responses, 'job-1.json'), 'utf8')) as unknown;
    expect(response).toMatchObject({
      requestId: 'job-1',
      status: 'succeeded',
      hook: { hook_event_name: 'Stop', last_assistant_message: expect.stringContaining('it is "done"') as string },
    });
    expect(readdirSync(responses)).toEqual(['job-1.json']);
    expect(stops).toEqual([
      {
        requestId: 'job-1',
        status: 'succeeded',
        text: expect.stringContaining('done') as string,
        bridgeToken: 'job-token',
      },
    ]);
    await rm(responses, { recursive: true });
  });

  test('takes a Stop hook that is slow to end for no process of the job, and what the job has left for one', async () => {
    await using one = await terminal();
    await one.engine.warm('job-token');
    // as it is on a busy machine: the turn's end is known, and the shell that told of it still runs
    await appendFile(join(one.home, '.claude/remuda/hook.sh'), 'sleep 0.5\n');
    const quiet = await one.run(script({ text: 'done' }));
    expect(quiet.end.kind).toBe('succeeded');
    expect(dataOf(quiet.events, 'attempt.warned')).toEqual([]);
    const left = await one.run(script(bash('setsid sleep 300.81 >/dev/null 2>&1 & echo left'), { text: 'done' }));
    expect(dataOf(left.events, 'attempt.warned')).toEqual([
      { message: expect.stringContaining('still running after its result') as string },
    ]);
  });

  test('lets no request wait for the hook of its prompt, and ends no turn before it', async () => {
    await using one = await terminal();
    await one.engine.warm('job-token');
    const path = join(one.home, '.claude/remuda/hook.sh');
    const waiting = `[ "$1" != submit ] || until [ -e '${one.home}/go' ]; do sleep 0.1; done\n`;
    await writeFile(path, `${waiting}${await readFile(path, 'utf8')}`);
    const asked = performance.now();
    const requested = one.model.seen(({ main }) => main);
    let over = false;
    const ran = one.run(script({ text: 'one' })).finally(() => (over = true));
    await requested;
    // a hook that is waited for is given up after 10 s
    expect(performance.now() - asked).toBeLessThan(9_000);
    await expect.poll(async () => readFile(callsOf(one), 'utf8')).toContain('stop {');
    expect(over).toBe(false);
    await writeFile(join(one.home, 'go'), '');
    const { end, events } = await ran;
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'one' } });
    expect(dataOf(events, 'attempt.warned')).toEqual([]);
    expect((await one.run('and now?')).end.kind).toBe('succeeded');
    expect(JSON.stringify(one.model.lastMain?.messages.at(-1))).not.toMatch(/hook/i);
  });

  test('gives a structured result, and asks again for one that does not fit', async () => {
    await using one = await terminal();
    await one.engine.warm('job-token');
    one.model.queue({ text: 'The answer is 3.' }, { text: '{"n":"three"}' }, { text: '{"n":3}' });
    const outputSchema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    const { end } = await one.run('how many?', { outputSchema });
    expect(end).toMatchObject({ kind: 'succeeded', result: { structured: { n: 3 } } });
  });

  test('refuses what nobody is there to permit, and ends after its turns', async () => {
    await using one = await terminal({ profile: { permissionMode: 'default' } });
    await one.engine.warm('job-token');
    const { end, events } = await one.run(script(bash('touch forbidden'), { text: 'so be it' }));
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'so be it' } });
    expect(typesOf(events)).toContain('tool.denied');
    expect(readdirSync(one.workspace)).not.toContain('forbidden');
    // The turns are counted in the transcript, which follows what happens: the last one must not be over by then.
    const turns = Array.from({ length: 5 }, () => bash('sleep 1'));
    const exhausted = await one.run(script(...turns, { text: 'x' }), {
      maxTurns: 1,
      permissionMode: 'bypassPermissions',
    });
    expect(exhausted.end).toMatchObject({ kind: 'failed', failure: { code: 'turns.exhausted' } });
  });

  test('resumes a session whose transcript is in the home, and shows its screen', async () => {
    await using one = await terminal();
    await one.engine.warm('job-token');
    const first = await one.run(script({ text: 'remember me' }));
    const id = first.end.result?.sessionId ?? '';
    await one.engine.resume(id, {});
    const { end } = await one.run('go on');
    expect(end).toMatchObject({ kind: 'succeeded', result: { sessionId: id } });
    expect(JSON.stringify(one.model.lastMain?.messages)).toContain('remember me');
    expect(await one.engine.screen()).toContain('go on');
  });

  test('leaves no process when it is killed', async () => {
    const one = await terminal();
    await one.engine.warm('job-token');
    const marked = (): string =>
      execFileSync('sh', ['-c', `grep -lz "HOME=${one.home}" /proc/[0-9]*/environ 2>/dev/null || true`]).toString();
    expect(marked()).not.toBe('');
    await one[Symbol.asyncDispose]();
    expect(marked()).toBe('');
  });
});
