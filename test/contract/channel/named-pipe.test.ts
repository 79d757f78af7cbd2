import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NamedPipeChannel } from '@remuda/channel';
import { systemClock } from '@remuda/runtime';
import { channelContract } from './channel.contract.js';

channelContract('The one of named pipes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-pipes-'));
  const options = { folder, name: 'w-1', clock: systemClock, maxBytes: 1_048_576 };
  const worker = await NamedPipeChannel.worker(options);
  const host = await NamedPipeChannel.host(options);
  return {
    ...{ worker, host },
    close: async () => {
      await host.close();
      await worker.close();
      await rm(folder, { recursive: true });
    },
  };
});
