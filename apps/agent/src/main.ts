/**
 * The agent: runs Claude Code and its tools for a worker that is in another container of the same pod, and that speaks to it by a unix
 * socket, whose path is the one argument. It ends when the worker's connection does, and all that it ran ends with it.
 */
import { RemudaError } from '@remuda/domain';
import { ContainedRunner, reachWorker, serveRunner } from '@remuda/engine';

/** For so long, in ms, the worker's container may take to be there. */
const workerWaitMs = 120_000;

async function main(): Promise<void> {
  const [path] = process.argv.slice(2);
  if (path === undefined)
    throw new RemudaError('config.invalid', "The agent needs the path of its worker's socket as an argument.");
  // a pod's containers are all told to end at once: when the agent does is the worker's to say, who may have a job to finish
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const runner = new ContainedRunner();
  await serveRunner(await reachWorker(path, workerWaitMs), runner);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof RemudaError ? `agent: ${error.message}` : error);
    process.exit(1);
  },
);
