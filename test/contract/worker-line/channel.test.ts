import type { Channel } from '@remuda/domain';
import { ChannelLine, NamedPipeChannel } from '@remuda/channel';
import { decodeReports } from '@remuda/protocol';
import { systemClock } from '@remuda/runtime';
import { MemoryChannel, jobSpec } from '@remuda/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workerLineContract, type LineHarness } from './worker-line.contract.js';

const defaults = { profile: 'default', timeoutMs: 60_000, newId: () => 'j-new' };

/** A worker's line over one end of a channel, and somebody at the other end. */
function over(worker: Channel, host: Channel, cleanUp: () => Promise<void>): LineHarness {
  const line = new ChannelLine(worker, defaults, systemClock);
  const heard: unknown[] = [];
  const listening = (async () => {
    for await (const arrived of host.arrivals()) heard.push(arrived.kind === 'message' ? arrived.value : arrived);
  })();
  return {
    line,
    assign: (job, prompt) => host.send({ job, attempt: 1, lease: 1, spec: jobSpec({ prompt }), remainingMs: 60_000 }),
    control: (control) => host.send(control),
    heard: async () => {
      await line.close();
      await listening;
      return decodeReports(JSON.stringify(heard.map((report) => ({ v: 1, ...(report as object) })))) as never;
    },
    close: async () => {
      await line.close();
      await host.close();
      await cleanUp();
    },
  };
}

workerLineContract('The one over a channel in memory', () => {
  const [worker, host] = MemoryChannel.pair(1_048_576);
  return Promise.resolve(over(worker, host, () => Promise.resolve()));
});

workerLineContract('The one over named pipes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-pipes-'));
  const options = { folder, name: 'w-1', clock: systemClock };
  const worker = await NamedPipeChannel.worker(options);
  return over(worker, await NamedPipeChannel.host(options), () => rm(folder, { recursive: true }));
});
