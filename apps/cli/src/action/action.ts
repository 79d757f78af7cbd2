import { randomUUID } from 'node:crypto';
import { setFailed, setOutput, setSecret, summary } from '@actions/core';
import { RemudaClient, type JobOutcome, type JobResult } from '@remuda/client';
import { runJob } from '../commands/run.js';
import { codeOfState, exitCodes } from '../exit-code.js';
import { applyPatch, commitAndPush, topOf } from '../git/git.js';
import { jobOf } from '../job-options.js';
import type { Session } from '../session.js';
import type { Surroundings } from '../surroundings.js';
import { uploadFolder } from '../upload/upload-folder.js';
import { dollars } from '../view/amounts.js';
import { tookOf } from '../view/live-view.js';
import { paintFor } from '../view/paint.js';
import { plainText } from '../view/plain-text.js';
import { readInputs, type ActionInputs } from './inputs.js';

/**
 * A step of a GitHub workflow: submits a job, follows it into the step's log, sets the outputs, and applies or pushes its
 * patch. Resolves with the exit code; rejects with what is wrong.
 */
export async function runAction(around: Surroundings): Promise<number> {
  const inputs = readInputs();
  if (inputs.token !== '') setSecret(inputs.token);
  const session = sessionOf(inputs, around);
  const top = inputs.apply ? await topOf(session.cwd) : undefined;
  const { options, profile, prompt } = inputs;
  const job = await jobOf(
    prompt,
    { ...options, ...(top !== undefined && { apply: true }) },
    { cwd: session.cwd, profile, say: session.say, upload: (folder) => uploadFolder(session, folder) },
  );
  const outcome = await withoutCommands(around, () => runJob(session, job));
  await tell(outcome);
  const patch = outcome.result.git?.patch ?? '';
  if (top !== undefined && outcome.job.state === 'succeeded') await take(top, patch, inputs, session);
  const fault = tellPush(outcome.result.git?.push);
  if (fault !== undefined) setFailed(plainText(fault));
  return fault === undefined ? codeOfState(outcome.job.state) : exitCodes.failed;
}

/** Outputs of what the service has pushed itself; resolves with what went wrong, if anything. */
function tellPush(push: NonNullable<JobResult['git']>['push']): string | undefined {
  if (push === undefined) return undefined;
  const { state, branch, commit, message, pullRequest } = push;
  if (state === 'failed') return `Nothing was pushed to ${branch}: ${message ?? ''}`;
  if (state !== 'pushed') return undefined;
  setOutput('branch', branch);
  setOutput('commit', commit);
  setOutput('pull-request', pullRequest?.url ?? '');
  return pullRequest?.state === 'failed' ? `No pull request was opened: ${pullRequest.message ?? ''}` : undefined;
}

async function take(top: string, patch: string, { push, message }: ActionInputs, session: Session): Promise<void> {
  if (patch === '') {
    session.say('The job changed no file.');
    return;
  }
  await applyPatch(top, patch, { index: push !== undefined });
  session.say(`The patch was applied in ${top}.`);
  if (push === undefined) return;
  setOutput('commit', await commitAndPush(top, push, message));
  setOutput('branch', push);
  session.say(`It was pushed to ${push}.`);
}

function sessionOf({ url, token, profile }: ActionInputs, around: Surroundings): Session {
  const { stdout, env, leaving } = around;
  const settings = { url, ...(token !== '' && { token }), ...(profile !== undefined && { profile }) };
  // one log, in which the order counts
  const line = (text: string): void => void stdout.write(`${text}\n`);
  return {
    ...{ client: new RemudaClient(settings), settings, leaving, json: false, print: line, say: line },
    cwd: env['GITHUB_WORKSPACE'] ?? around.cwd,
    paint: paintFor(stdout, { ...env, FORCE_COLOR: env['FORCE_COLOR'] ?? '1' }),
    columns: 140,
  };
}

/** What a job says is no command to the runner: a line that looks like one would mask texts, or set annotations. */
async function withoutCommands<T>({ stdout }: Surroundings, work: () => Promise<T>): Promise<T> {
  const end = randomUUID();
  stdout.write(`::stop-commands::${end}\n`);
  try {
    return await work();
  } finally {
    stdout.write(`\n::${end}::\n`);
  }
}

/** Outputs and the summary of the step. */
async function tell({ job, result }: JobOutcome): Promise<void> {
  const outputs = {
    ...{ job: job.id, state: job.state, text: result.text ?? '', cost: result.costUsd ?? 0 },
    structured: result.structured === undefined ? '' : JSON.stringify(result.structured),
    failure: result.failure?.code ?? '',
  };
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
  const facts = [
    job.state,
    result.failure?.code,
    result.costUsd === undefined ? undefined : dollars(result.costUsd),
    tookOf(job.times),
    result.git && `${result.git.filesChanged} files, +${result.git.insertions} -${result.git.deletions}`,
  ];
  await summary
    .addHeading(`Job ${job.id}`, 3)
    .addRaw(facts.filter((fact) => fact !== undefined).join(' · '), true)
    .addCodeBlock(plainText(result.failure?.message ?? result.text ?? '').slice(0, 60_000))
    .write();
}
