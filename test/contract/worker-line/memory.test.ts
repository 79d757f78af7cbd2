import { MemoryWorkerLine, jobSpec } from '@remuda/testing';
import { workerLineContract } from './worker-line.contract.js';

workerLineContract('The one in memory', () => {
  const line = new MemoryWorkerLine();
  return Promise.resolve({
    line,
    assign: async (job, prompt) =>
      line.assign({ job, attempt: 1, lease: 1, spec: jobSpec({ prompt }), remainingMs: 60_000 }),
    control: async (control) => line.control(control),
    heard: async () => line.heard,
    close: () => line.close(),
  });
});
