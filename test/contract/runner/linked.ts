import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RemoteRunner, admitAgent, reachWorker, serveRunner, type Runner } from '@remuda/engine';
import type { RunnerHarness } from './runner.contract.js';

/** Both ends of a connection between a worker and its agent. */
export interface Ends extends AsyncDisposable {
  readonly worker: Socket;
  readonly agent: Socket;
  /** Where the worker listened. */
  readonly path: string;
}

/** A worker's socket, and an agent that has come to it. */
export async function joinEnds(): Promise<Ends> {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-agent-'));
  const path = join(folder, 'agent.sock');
  const [worker, agent] = await Promise.all([admitAgent(path, 10_000), reachWorker(path, 10_000)]);
  return {
    ...{ worker, agent, path },
    [Symbol.asyncDispose]: async () => {
      worker.destroy();
      agent.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** An agent over a runner of this machine, in this process, and the runner by which its worker reaches it. */
export async function linked(local: Runner): Promise<RunnerHarness & { readonly runner: RemoteRunner }> {
  const ends = await joinEnds();
  const served = serveRunner(ends.agent, local);
  const runner = await RemoteRunner.over(ends.worker);
  return {
    runner,
    [Symbol.asyncDispose]: async () => {
      runner.close();
      await served;
      await ends[Symbol.asyncDispose]();
    },
  };
}
