import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { ChannelLine } from '@remuda/channel';
import { systemClock } from '@remuda/runtime';
import { Worker } from '../worker.js';
import { EngineWorkspace } from '../workspace.js';
import type { ChannelPlan } from './channel-plan.js';
import { openChannel, placeOf, saysOf, statusPath } from './open-channel.js';
import { openEngine } from './open-engine.js';
import { withStatus } from './status-file.js';

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
