import { MemoryChannel } from '@remuda/testing';
import { channelContract } from './channel.contract.js';

channelContract('The one in memory', () => {
  const [worker, host] = MemoryChannel.pair(1_048_576);
  const close = async (): Promise<void> => {
    await worker.close();
    await host.close();
  };
  return Promise.resolve({ worker, host, close });
});
