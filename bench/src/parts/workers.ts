// Real workers on their real lines, all in this process, with an engine that has no agent.
import { noUsage, type NewEvent, type Turn, type TurnEnd } from '@remuda/domain';
import { parseJson, workerEnv, type WorkerProfile } from '@remuda/protocol';
import { RedisWorkerLine, redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { createLogger, systemClock } from '@remuda/runtime';
import { InstantEngine } from '@remuda/testing';
import { Worker } from '../../../apps/worker/dist/worker.js';
import { eventText, isTalk, talk } from '../events/talk.js';
import { beModest, isModest } from '../footprint/modest.js';
import { serve } from './member.js';
import type { StartNote } from './remote-runtime.js';

const workspace = {
  prepare: () => Promise.resolve(undefined),
  collect: () => Promise.resolve({ warnings: [] }),
  clear: () => Promise.resolve(),
};

serve(({ start: { worker: id, env } }: StartNote) => {
  const profile = JSON.parse(env[workerEnv.profile] ?? '{}') as WorkerProfile;
  const connect = () => connectRaw(env[workerEnv.redisUrl] ?? '', { name: id });
  const line = new RedisWorkerLine(connect, redisKeys(env[workerEnv.namespace] ?? ''), id);
  const worker = new Worker({
    line,
    engine: new InstantEngine(answer),
    workspace,
    afterJobs: profile.afterJobs,
    drainMs: 10_000,
    clock: systemClock,
    log: createLogger({ name: 'worker', level: 'info' }),
  });
  void worker.run();
});

/** Talks as long as the prompt asks for, or does a modest job, and nothing for any other prompt. */
async function answer({ prompt }: Turn, onEvent: (event: NewEvent) => void): Promise<TurnEnd> {
  const asked = prompt.startsWith('{') ? parseJson(prompt) : undefined;
  if (isModest(asked)) return beModest(onEvent);
  if (isTalk(asked))
    await talk(asked, (n) => {
      onEvent({ type: 'message.delta', at: Date.now(), data: { text: eventText(n) } });
    });
  return { kind: 'succeeded', result: { text: 'ok', turns: 1, usage: noUsage, costUsd: 0 } };
}
