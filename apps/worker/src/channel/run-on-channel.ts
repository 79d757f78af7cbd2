import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { SettingsOf } from '@remuda/domain';
import { ChannelLine } from '@remuda/channel';
import type { Runner } from '@remuda/engine';
import { systemClock, type Logger } from '@remuda/runtime';
import type { workerSettings } from '../settings.js';
import { Worker } from '../worker.js';
import { EngineWorkspace } from '../workspace.js';
import { openChannel, placeOf, saysOf, statusPath } from './open-channel.js';
import { openEngine } from './open-engine.js';
import type { channelSettings } from './settings.js';
import { withStatus } from './status-file.js';

/** What a worker on a channel is made of. */
export interface ChannelPlan {
  readonly own: SettingsOf<typeof workerSettings>;
  readonly settings: Omit<SettingsOf<typeof channelSettings>, 'channel'> & { readonly channel: 'fifo' | 'files' };
  readonly claudeArgs: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly runner: Runner;
  readonly log: Logger;
  /** Called with the worker, by which it can be told to leave. */
  readonly onWorker: (worker: Worker) => void;
}

/** Runs a worker that is reached by named pipes or files, without Redis and without a bridge, until it leaves. */
export async function runOnChannel(plan: ChannelPlan): Promise<void> {
  const { own, settings, runner, log, env } = plan;
  const { workspace, home, drainMs } = own;
  const place = placeOf(settings, own);
  await mkdir(place.folder, { recursive: true });
  await using parts = await openEngine(plan, place);
  const channel = await openChannel(settings, place, log);
  const defaults = { profile: place.name, timeoutMs: settings.timeoutMs, newId };
  const line = new ChannelLine(
    ...([channel, defaults, systemClock] as const),
    () => log.warn('the other end has left'),
    saysOf(settings),
  );
  const worker = new Worker({
    ...{ line: withStatus(line, statusPath(place), () => systemClock.now()), engine: parts.engine, drainMs, log },
    ...{ workspace: new EngineWorkspace({ workspace, home, gitConnect: '', gitSocket: undefined, env, runner }) },
    ...{ afterJobs: Infinity, clock: systemClock },
  });
  plan.onWorker(worker);
  log.info({ channel: settings.channel, ...place }, 'the worker takes prompts');
  await worker.run();
}

const newId = (): string => `j-${randomBytes(8).toString('hex')}`;
