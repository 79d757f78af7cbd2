import type { SettingsOf } from '@remuda/domain';
import type { Runner } from '@remuda/engine';
import type { Logger } from '@remuda/runtime';
import type { workerSettings } from '../settings.js';
import type { Worker } from '../worker.js';
import type { channelSettings } from './settings.js';

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
