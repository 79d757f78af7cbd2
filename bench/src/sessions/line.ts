import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobEvent } from '@remuda/domain';
import { claudeVersion, resolveClaude } from '@remuda/engine';
import { script, startScriptedModel } from '@remuda/scripted-model';
import { ApiClient } from '../../../apps/local/dist/demo/api-client.js';
import { startCluster } from '../../../apps/local/dist/cluster/cluster.js';
import { ratioOf, spreadOf, type Figure, type Line, type Stage } from '../figure.js';
import { WarmAlone } from '../first-request/alone.js';
import { bareEnvironment, measureCold } from '../first-request/cold.js';
import { firstWith, makeSubject, modelName, now, uniquePrompt, type Subject } from '../first-request/subject.js';

const rounds = 5;
const megabytes = 50;

/** What the turns of a session cost beside those of a Claude Code that somebody runs. */
export const sessions: Line = {
  name: 'sessions',
  about: `a turn on the worker that waits for it, the wake of a session with ${megabytes} MB, and how long an answer waits for its snapshot`,
  run: async (stage) => {
    const claude = resolveClaude(import.meta.dirname);
    const version = await claudeVersion(claude);
    const subject = await makeSubject(claude, version, stage.dir);
    const alone = new WarmAlone(subject, 0);
    try {
      await using cluster = await openSessions(claude, stage);
      await alone.warm();
      await alone.measure();
      const [held, small, large] = [await cluster.create(3_600_000), await cluster.create(0), await cluster.create(0)];
      await cluster.turn(held, uniquePrompt());
      await cluster.turn(small, uniquePrompt());
      await cluster.turn(large, `${uniquePrompt()} ${script(fill, { text: 'done' })}`);
      const resumed = await startedBefore(subject);
      const all: Round[] = [];
      for (let round = 0; round <= rounds; round++) {
        const one = {
          alone: (await alone.measure()).fromMessage,
          cold: await measureCold(subject),
          resumed: await measureResumed(subject, resumed),
          followed: await cluster.turn(held, uniquePrompt()),
          woken: await cluster.turn(small, uniquePrompt()),
          wokenLarge: await cluster.turn(large, uniquePrompt()),
          job: await cluster.job(uniquePrompt()),
        };
        // The first round is for caches.
        if (round > 0) all.push(one);
      }
      const of = (value: (one: Round) => number): readonly number[] => all.map(value);
      const followed = of((one) => one.followed.firstRequestMs);
      const woken = of((one) => one.wokenLarge.firstRequestMs);
      const ms = (what: string, values: readonly number[]): Figure => ({ what, value: spreadOf(values), unit: 'ms' });
      const added = of((one) => one.followed.endMs - one.job.endMs);
      const figures: readonly Figure[] = [
        {
          ...{
            what: 'next turn on its worker / next turn of a warm process alone',
            unit: 'x',
            target: { atMost: 1.15 },
          },
          value: ratioOf(
            followed,
            of((one) => one.alone),
          ),
        },
        {
          ...{ what: 'next turn on its worker / cold `claude -p --resume`', unit: 'x', target: { atMost: 0.06 } },
          value: ratioOf(
            followed,
            of((one) => one.resumed),
          ),
        },
        {
          ...{ what: `wake with ${megabytes} MB / cold \`claude -p\``, unit: 'x', target: { atMost: 1.5 } },
          value: ratioOf(
            woken,
            of((one) => one.cold),
          ),
        },
        { what: 'last text to the end: a turn less a job', value: spreadOf(added), unit: 'ms', target: { atMost: 20 } },
        ms('next turn on its worker: POST sent to first request', followed),
        ms(`wake with ${megabytes} MB: POST sent to first request`, woken),
        ms(
          'wake without files: POST sent to first request',
          of((one) => one.woken.firstRequestMs),
        ),
        ms(
          `last text to the end: a turn with ${megabytes} MB, which ends Claude Code`,
          of((one) => one.wokenLarge.endMs),
        ),
        ms(
          'last text to the end: a job',
          of((one) => one.job.endMs),
        ),
      ];
      return { figures, notes: [`Claude Code ${version}, workers as processes.`] };
    } finally {
      await alone.end();
      await subject.model.close();
    }
  },
};

const fill = {
  tools: [
    { name: 'Bash', input: { command: `head -c ${megabytes}000000 /dev/urandom > large`, description: 'a file' } },
  ],
};

/** What one turn took, in ms: until its first request, and from its last text to its end. */
interface TurnTimes {
  readonly firstRequestMs: number;
  readonly endMs: number;
}

/** What was measured side by side, in ms. */
interface Round {
  readonly alone: number;
  readonly cold: number;
  readonly resumed: number;
  readonly followed: TurnTimes;
  readonly woken: TurnTimes;
  readonly wokenLarge: TurnTimes;
  readonly job: TurnTimes;
}

/** A cluster, and its sessions. */
async function openSessions(claude: string, { env }: Stage) {
  const model = await startScriptedModel();
  const cluster = await startCluster({
    env: { ...env, REMUDA_CLAUDE: claude, REMUDA_WARM: '2', REMUDA_MAX_WORKERS: '4' },
    namespace: `bench-${randomBytes(4).toString('hex')}`,
    ...{ runtime: 'process' as const, model: new URL(model.url), say: () => undefined },
  });
  const api = new ApiClient(cluster.apiUrl);
  const { sessions } = api.remuda;
  const measured = async (prompt: string, send: () => Promise<string>): Promise<TurnTimes> => {
    await api.warm('default', 2, AbortSignal.timeout(60_000));
    const seen = firstWith(model, prompt.slice(0, 40));
    const sent = now();
    const id = await send();
    const firstRequestMs = (await seen).at - sent;
    const events: JobEvent[] = [];
    for await (const event of api.events(id)) events.push(event);
    const at = (type: JobEvent['type']): number => events.findLast((event) => event.type === type)?.at ?? NaN;
    model.reset();
    return { firstRequestMs, endMs: at('job.over') - at('message.text') };
  };
  return {
    create: async (idleMs: number) => (await sessions.create({ idleMs })).id,
    turn: (session: string, prompt: string) =>
      measured(prompt, async () => (await sessions.send(session, { prompt })).id),
    job: (prompt: string) => measured(prompt, () => api.submit({ prompt })),
    [Symbol.asyncDispose]: async () => {
      await cluster.stop();
      await model.close();
    },
  };
}

/** Starts a conversation that `claude -p --resume` can go on with, and gives its id. */
async function startedBefore(subject: Subject): Promise<string> {
  const id = randomUUID();
  await run(subject, uniquePrompt(), ['--session-id', id]);
  return id;
}

/** Goes on with it as anybody would, and gives the ms until its first request. */
async function measureResumed(subject: Subject, id: string): Promise<number> {
  const prompt = uniquePrompt();
  const seen = firstWith(subject.model, prompt);
  const began = now();
  const ended = run(subject, prompt, ['--resume', id]);
  const { at } = await seen;
  await ended;
  return at - began;
}

async function run({ claude, dir, socket }: Subject, prompt: string, own: readonly string[]): Promise<void> {
  const [home, cwd] = [join(dir, 'resume-home'), join(dir, 'resume-work')];
  await Promise.all([mkdir(home, { recursive: true }), mkdir(cwd, { recursive: true })]);
  const args = ['-p', prompt, '--model', modelName, '--permission-mode', 'bypassPermissions', ...own];
  const child = spawn(claude, [...args, '--setting-sources', 'user', '--strict-mcp-config'], {
    ...{ cwd, stdio: 'ignore' as const },
    env: bareEnvironment(home, { ANTHROPIC_UNIX_SOCKET: socket, ANTHROPIC_BASE_URL: 'http://api.internal' }),
  });
  await once(child, 'exit');
}
