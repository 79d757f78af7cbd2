import { join } from 'node:path';
import { FileChannel, NamedPipeChannel } from '@remuda/channel';
import type { Channel, SettingsOf } from '@remuda/domain';
import { systemClock, type Logger } from '@remuda/runtime';
import type { workerSettings } from '../settings.js';
import type { channelSettings, Says } from './settings.js';
import type { WorkerReport } from '@remuda/protocol';

type Settings = Omit<SettingsOf<typeof channelSettings>, 'channel'> & { readonly channel: 'fifo' | 'files' };

/** What else names a channel. */
export type Named = Pick<SettingsOf<typeof workerSettings>, 'workspaceName'>;

/** Where a worker's channel is. */
export interface ChannelPlace {
  readonly folder: string;
  readonly name: string;
}

/** The place of a channel, from its settings. */
export function placeOf({ channel, folder, name }: Settings, { workspaceName }: Named): ChannelPlace {
  const usual = channel === 'fifo' ? '/tmp/cc-bridge-pipes' : join('/ipc', workspaceName);
  return { folder: folder ?? usual, name: name ?? workspaceName };
}

/** The file with the worker's state. */
export const statusPath = ({ folder, name }: ChannelPlace): string => join(folder, `${name}.status.json`);

/** Opens the worker's end. Rejects with `channel.unavailable` or `channel.invalid`. */
export async function openChannel(settings: Settings, place: ChannelPlace, log: Logger): Promise<Channel> {
  const onWarning = (message: string): void => log.warn(message);
  const options = { ...place, clock: systemClock, onWarning };
  if (settings.channel === 'files') return FileChannel.worker(options);
  const { input, output } = settings;
  return NamedPipeChannel.worker({ ...options, ...(input ? { input } : {}), ...(output ? { output } : {}) });
}

const said: Readonly<Record<Says, readonly WorkerReport['kind'][]>> = {
  answers: ['outcome'],
  events: ['outcome', 'phase', 'started', 'events'],
  all: ['outcome', 'phase', 'started', 'events', 'heartbeat'],
};

/**
 * Whether a report goes through the channel. Heartbeats would fill a pipe that nobody reads, and a folder: the status
 * file has them.
 */
export function saysOf({ channel, says }: Settings): (kind: WorkerReport['kind']) => boolean {
  const kinds = said[says ?? (channel === 'fifo' ? 'events' : 'answers')];
  return (kind) => kinds.includes(kind);
}
