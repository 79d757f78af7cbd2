import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { claudeVersion, resolveClaude, TmuxEngine } from '@remuda/engine';
import { createLogger, systemClock } from '@remuda/runtime';
import { ratioOf, spreadOf, type Line } from '../figure.js';
import { measureCold } from '../first-request/cold.js';
import { firstWith, makeSubject, modelName, now, uniquePrompt, type Subject } from '../first-request/subject.js';

const rounds = 5;
/** Hooks that are timed in each round, one after the other. */
const hooks = 9;
/** How long a warm terminal waits for its job at least, as in a pool, in ms. */
const idleMs = 3_000;

/** Claude Code in a tmux session: how soon it is ready, asks the model, and leaves its response. */
export const terminal: Line = {
  name: 'terminal',
  about:
    'the engine tmux: ready, prompt pasted to first model request against a cold `claude -p`, Stop hook to response',
  run: async ({ dir }) => {
    const claude = resolveClaude(import.meta.dirname);
    const subject = await makeSubject(claude, await claudeVersion(claude), dir);
    const all: Round[] = [];
    try {
      // The first round is for the page cache.
      for (let round = 0; round <= rounds; round++) all.push(await measureRound(subject, round));
    } finally {
      await subject.model.close();
    }
    const each = (one: (round: Round) => number): readonly number[] => all.slice(1).map(one);
    const [idle, cold] = [each(({ idleMs }) => idleMs), each(({ coldMs }) => coldMs)];
    return {
      figures: [
        {
          what: 'started to ready, tmux server included',
          value: spreadOf(each(({ readyMs }) => readyMs)),
          unit: 'ms',
          target: { atMost: 3_000 },
        },
        {
          what: 'prompt given to first request, in a terminal that was idle for 3 s / cold `claude -p`',
          value: ratioOf(idle, cold),
          unit: 'x',
          target: { atMost: 0.35 },
        },
        { what: 'prompt given to first request, in such a terminal', value: spreadOf(idle), unit: 'ms' },
        {
          what: 'the same in one that has just become ready',
          value: spreadOf(each(({ pastedMs }) => pastedMs)),
          unit: 'ms',
        },
        { what: 'the same of a second prompt', value: spreadOf(each(({ againMs }) => againMs)), unit: 'ms' },
        { what: 'spawned to first request, cold `claude -p`', value: spreadOf(cold), unit: 'ms' },
        {
          what: `Stop hook started to response file, median of ${String(hooks)}`,
          value: spreadOf(each(({ responseMs }) => responseMs)),
          unit: 'ms',
          target: { atMost: 10 },
        },
      ],
      notes: ['The container itself is not in these: its start is in the line `container`.'],
    };
  },
};

interface Round {
  readonly readyMs: number;
  readonly idleMs: number;
  readonly pastedMs: number;
  readonly againMs: number;
  readonly coldMs: number;
  readonly responseMs: number;
}

async function measureRound(subject: Subject, round: number): Promise<Round> {
  const { dir } = subject;
  const home = join(dir, `home-${String(round)}`);
  const responses = join(dir, `responses-${String(round)}`);
  await mkdir(responses);
  const engine = terminalOf(subject, { home, work: `work-${String(round)}`, responses });
  const waiting = terminalOf(subject, { home: `${home}-idle`, work: `idle-${String(round)}`, responses });
  try {
    const began = now();
    await engine.warm('bench');
    const readyMs = now() - began;
    const pastedMs = await toFirstRequest(engine, subject);
    const againMs = await toFirstRequest(engine, subject);
    const responseMs: number[] = [];
    for (let n = 0; n < hooks; n++) responseMs.push(await toResponse(home, responses));
    await engine.kill();
    await waiting.warm('bench');
    await sleep(idleMs);
    const ofIdle = await toFirstRequest(waiting, subject);
    await waiting.kill();
    return {
      readyMs,
      idleMs: ofIdle,
      pastedMs,
      againMs,
      responseMs: spreadOf(responseMs).median,
      coldMs: await measureCold(subject),
    };
  } finally {
    await engine.kill();
    await waiting.kill();
  }
}

function terminalOf(
  { claude, socket, dir }: Subject,
  { home, work, responses }: { readonly home: string; readonly work: string; readonly responses: string },
): TmuxEngine {
  return new TmuxEngine({
    ...{ claude, home, workspace: join(dir, work), env: process.env, bridge: { socket }, responses },
    profile: { model: modelName, permissionMode: 'bypassPermissions', tools: {}, trustRepository: false },
    clock: systemClock,
    log: createLogger({ name: 'terminal', level: 'silent' }),
  });
}

async function toFirstRequest(engine: TmuxEngine, { model }: Subject): Promise<number> {
  const prompt = uniquePrompt();
  const seen = firstWith(model, prompt);
  const began = now();
  const turn = { prompt, deltas: false, bridgeToken: 'bench', env: {}, requestId: 'bench' };
  const ended = engine.turn(turn, () => undefined, new AbortController().signal);
  const { at } = await seen;
  const end = await ended;
  if (end.kind !== 'succeeded') throw new Error(`the terminal: the turn ${end.kind}`);
  return at - began;
}

/** A shell that becomes the hook once it is told to: the fork of this process, which is large, is not the hook's. */
const launcher = 'echo ready; read -r go; exec /bin/sh "$@"';

/** Runs the hook as Claude Code does, until its file has its name. */
async function toResponse(home: string, responses: string): Promise<number> {
  const files = join(home, '.claude', 'remuda');
  const request = join(files, 'request-of-bench');
  await writeFile(request, 'timed\n');
  const hook = [join(files, 'hook.sh'), 'stop', join(files, 'calls-of-bench'), responses, request];
  const shell = spawn('/bin/sh', ['-c', launcher, 'sh', ...hook], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(shell.stdout, 'data');
  const began = now();
  shell.stdin.end(`go\n${JSON.stringify({ hook_event_name: 'Stop', last_assistant_message: 'x'.repeat(1_000) })}`);
  await once(shell, 'close');
  const { ctimeMs } = await stat(join(responses, 'timed.json'));
  return ctimeMs - began;
}
