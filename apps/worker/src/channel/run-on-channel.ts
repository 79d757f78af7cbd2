import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { SettingsOf } from '@remuda/domain';
import { ChannelLine } from '@remuda/channel';
import type { Runner } from '@remuda/engine';
import type { WorkerProfile } from '@remuda/protocol';
import { systemClock, type Logger } from '@remuda/runtime';
import { engineOf } from '../engine.js';
import type { workerSettings } from '../settings.js';
import { Worker } from '../worker.js';
import { EngineWorkspace } from '../workspace.js';
import { openDirectModel } from './direct-model.js';
import { openChannel, placeOf, saysOf, statusPath } from './open-channel.js';
import { OwnersEngine } from './owners-engine.js';
import { Reviver } from './revive.js';
import { sessionFile } from './session-file.js';
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
  let engine: OwnersEngine | undefined = undefined;
  await using model = await openDirectModel(settings, (token) => engine?.admits(token) ?? false, log);
  let onExit: (reason: string) => void = () => undefined;
  const inner = engineOf(own, profileOf(settings), {
    ...{ claude: own.claude, workspace, home, env, runner, log, clock: systemClock, bridge: model.address },
    ...{ claudeArgs: plan.claudeArgs, keepFiles: true, spare: false },
    onExit: (reason) => onExit(reason),
  });
  const mine: OwnersEngine = (engine = new OwnersEngine({
    ...{ engine: inner, after: settings.conversation, steady: settings.engine === 'tmux' },
    ...{ memory: sessionFile(place), now: () => systemClock.now(), revive: (why) => reviver.revive(why) },
    giveUp: () => reviver.close(),
  }));
  const reviver: Reviver = new Reviver(mine, systemClock, log);
  onExit = (reason) => {
    mine.ended();
    reviver.revive(reason).catch(() => undefined);
  };
  const channel = await openChannel(settings, place, log);
  const defaults = { profile: place.name, timeoutMs: settings.timeoutMs, newId };
  const line = new ChannelLine(
    ...([channel, defaults, systemClock] as const),
    () => log.warn('the other end has left'),
    saysOf(settings),
  );
  const worker = new Worker({
    ...{ line: withStatus(line, statusPath(place), () => systemClock.now()), engine: mine, drainMs, log },
    ...{ workspace: new EngineWorkspace({ workspace, home, gitConnect: '', gitSocket: undefined, env, runner }) },
    ...{ afterJobs: Infinity, clock: systemClock },
  });
  plan.onWorker(worker);
  log.info({ channel: settings.channel, ...place }, 'the worker takes prompts');
  await worker.run();
}

const newId = (): string => `j-${randomBytes(8).toString('hex')}`;

function profileOf({ engine: engineKind, ...settings }: ChannelPlan['settings']): WorkerProfile {
  const { model, permissionMode, trustRepository } = settings;
  const engine = { model, permissionMode, tools: {}, trustRepository: trustRepository === '1' };
  return { name: 'default', engineKind, engine, afterJobs: Infinity };
}
