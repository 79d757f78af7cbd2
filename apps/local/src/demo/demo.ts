import { once } from 'node:events';
import type { Cluster } from '../cluster/cluster.js';
import type { JobResultView, JobView } from '@remuda/protocol';
import { ApiClient } from './api-client.js';
import { dollars, eventLine } from './event-line.js';
import { say, startLocalCluster } from '../cluster/local-cluster.js';
import { timesTable } from './times-table.js';
import { watchErrors } from './watch-errors.js';

/** The default prompt. */
const defaultPrompt = 'Write a friendly greeting into hello.txt, then list the folder and tell me what is in it.';
const warmLimitMs = 60_000;

/** What a person may want to do after it. */
const next = `Next:
  npm run demo -- "your own prompt"
  npm start                         keeps all of it running; then: npx remuda run "your prompt"
  docs/command.md                   patches onto your working copy, hundreds of prompts from a file
`;

/** Options of a demo. */
export interface DemoOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly prompt: string | undefined;
  readonly signal: AbortSignal;
}

/** Starts a cluster, shows one job from submission to end, stops everything. Resolves with whether it succeeded. */
export async function demo({ env, prompt, signal }: DemoOptions): Promise<boolean> {
  const cluster = await startLocalCluster({ env, command: 'demo', signal });
  const endWatch = watchErrors(cluster.logDir, say);
  try {
    const broken = cluster.broken.then((how) => {
      throw new Error(`${how}; see ${cluster.logDir}`);
    });
    return await Promise.race([showJob(cluster, prompt ?? defaultPrompt), broken, rejectOn(signal)]);
  } finally {
    say('shutting down');
    await cluster.stop();
    await endWatch();
  }
}

async function rejectOn(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}

async function showJob(cluster: Cluster, prompt: string): Promise<boolean> {
  const api = new ApiClient(cluster.apiUrl);
  say('waiting for a warm worker');
  if (!(await api.warm('default', 1, AbortSignal.timeout(warmLimitMs), say)))
    say(`no worker is warm after ${warmLimitMs / 1_000} s: submitting the job anyway; it waits for one`);
  console.log(`\nPrompt: ${prompt}\n`);
  const id = await api.submit({ prompt });
  let beganAt: number | undefined;
  for await (const event of api.events(id)) console.log(eventLine(event, (beganAt ??= event.at)));
  const [job, result] = await Promise.all([api.job(id), api.result(id)]);
  showOutcome(job, result);
  console.log(next);
  return job.state === 'succeeded';
}

function showOutcome(job: JobView, result: JobResultView): void {
  console.log(`\nResult (${job.state}):`);
  if (result.failure) console.log(`  ${result.failure.code}: ${result.failure.message}`);
  for (const line of result.failure?.lastLines ?? []) console.log(`    ${line}`);
  if (result.text !== undefined) console.log(result.text.replaceAll(/^/gm, '  '));
  console.log(`\nCost: ${result.costUsd === undefined ? 'unknown' : dollars(result.costUsd)}`);
  console.log(`${['Times:', ...timesTable(job)].join('\n')}\n`);
}
