import type { JobOutcome, JobRequest } from '@remuda/client';
import { codeOfState, exitCodes } from '../exit-code.js';
import { applyPatch, topOf } from '../git/git.js';
import type { Session } from '../session.js';
import { dollars } from '../view/amounts.js';
import { liveLine, tookOf } from '../view/live-view.js';
import { plainText } from '../view/plain-text.js';

/** How long a job that is being cancelled may take to be over before it is left alone, in ms. */
const cancelLimitMs = 20_000;

/**
 * Submits a job, shows what it does, and prints its result. Ctrl-C cancels it; a second one leaves at once. Resolves
 * with the exit code.
 */
export async function run(session: Session, job: JobRequest, apply: boolean): Promise<number> {
  const top = apply ? await topOf(session.cwd) : undefined;
  const outcome = await runJob(session, job);
  const patch = outcome.result.git?.patch;
  if (top !== undefined && outcome.job.state === 'succeeded') {
    if (patch === undefined || patch === '') session.say('The job changed no file.');
    else await applyPatch(top, patch).then(() => session.say(`The patch was applied in ${top}.`));
  }
  return session.leaving.aborted ? exitCodes.interrupted : codeOfState(outcome.job.state);
}

/** Submits a job, shows what it does until it is over, and prints its result. Ctrl-C cancels it. */
export async function runJob(session: Session, job: JobRequest): Promise<JobOutcome> {
  const { id } = await session.client.submit(job);
  if (!session.json) session.say(session.paint.dim(`· ${id}`));
  const cancelled = cancelAtInterrupt(session, id);
  const outcome = await show(session, id, cancelled.signal);
  cancelled.done();
  printOutcome(session, outcome);
  if (job.artifacts !== undefined && !session.json) session.say(session.paint.dim(`· remuda artifacts ${id}`));
  return outcome;
}

/** Follows a job that exists, and prints its result. Ctrl-C leaves it alone. */
export async function followJob(session: Session, id: string, after: number): Promise<number> {
  for await (const event of session.client.follow(id, { after, signal: session.leaving, onRetry: retried(session) }))
    showEvent(session, event);
  const outcome = await session.client.outcome(id);
  if (!session.json) printOutcome(session, outcome);
  return codeOfState(outcome.job.state);
}

async function show(session: Session, id: string, signal: AbortSignal): Promise<JobOutcome> {
  for await (const event of session.client.follow(id, { signal, onRetry: retried(session) }))
    if (!session.json) showEvent(session, event);
  return session.client.outcome(id);
}

const retried =
  (session: Session) =>
  (error: Error): void =>
    session.say(session.paint.yellow(`! ${error.message} Trying again.`));

function showEvent(session: Session, event: Parameters<typeof liveLine>[0]): void {
  const line = session.json ? JSON.stringify(event) : liveLine(event, session.paint, session.columns);
  if (line !== undefined) session.print(line);
}

/** Cancels the job when the person leaves; the signal aborts when it is not over in time. */
function cancelAtInterrupt(session: Session, id: string): { readonly signal: AbortSignal; done(): void } {
  const gaveUp = new AbortController();
  const onLeave = (): void => {
    session.say('Cancelling the job; Ctrl-C again leaves at once.');
    session.client.cancel(id, 'Interrupted at the command line.').catch((error: unknown) => gaveUp.abort(error));
    setTimeout(() => {
      gaveUp.abort(new Error(`${id} is being cancelled, and was not over after ${cancelLimitMs / 1_000} s.`));
    }, cancelLimitMs).unref();
  };
  session.leaving.addEventListener('abort', onLeave, { once: true });
  return { signal: gaveUp.signal, done: () => session.leaving.removeEventListener('abort', onLeave) };
}

/** Prints a result: one JSON object for programs, else the text with a line of what it took. */
export function printOutcome({ print, say, json, paint }: Session, { job, result }: JobOutcome): void {
  if (json) {
    print(JSON.stringify({ job, result }));
    return;
  }
  if (result.failure) {
    say(paint.red(`✗ ${result.failure.code}: ${plainText(result.failure.message)}`));
    for (const line of result.failure.lastLines ?? []) say(paint.dim(`  ${plainText(line)}`));
  }
  if (result.structured !== undefined) print(JSON.stringify(result.structured, undefined, 2));
  for (const warning of result.warnings ?? []) say(paint.yellow(`! ${plainText(warning)}`));
  const changed = result.git;
  const facts = [
    job.state,
    result.costUsd === undefined ? undefined : dollars(result.costUsd),
    result.turns === undefined ? undefined : `${result.turns} turns`,
    tookOf(job.times),
    changed && `${changed.filesChanged} files, +${changed.insertions} -${changed.deletions}`,
  ];
  if (changed?.push?.state === 'pushed')
    say(`→ ${plainText(changed.push.branch)}: ${plainText(changed.push.pullRequest?.url ?? changed.push.url ?? '')}`);
  say(paint.dim(`· ${facts.filter((fact) => fact !== undefined).join(' · ')}`));
}
