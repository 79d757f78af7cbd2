import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileChannel } from '@remuda/channel';
import { systemClock } from '@remuda/runtime';
import { channelContract } from './channel.contract.js';

channelContract('The one of files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-files-'));
  const options = { folder, name: 'w-1', clock: systemClock, maxBytes: 1_048_576 };
  const worker = await FileChannel.worker(options);
  const host = await FileChannel.host(options);
  return {
    ...{ worker, host },
    close: async () => {
      await host.close();
      await worker.close();
      await rm(folder, { recursive: true });
    },
  };
});
