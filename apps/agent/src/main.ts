/**
 * The agent: runs Claude Code and its tools for a worker in another container of the same pod, which connects through a
 * unix socket; its path is the only argument. The agent ends with the worker's connection, and so do all processes that
 * it started.
 */
import { RemudaError } from '@remuda/domain';
import { ContainedRunner, reachWorker, serveRunner } from '@remuda/engine';

/** How long the start of the worker's container may take, in ms. */
const workerWaitMs = 120_000;

async function main(): Promise<void> {
  const [path] = process.argv.slice(2);
  if (path === undefined)
    throw new RemudaError('config.invalid', "The agent needs the path of its worker's socket as an argument.");
  // all containers of a pod get SIGTERM at once, but the worker decides when the agent ends: it may have a job to
  // finish
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
