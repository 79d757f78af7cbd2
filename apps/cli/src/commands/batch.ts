import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { jobCheckOf } from '../batch/job-check.js';
import { readBatch } from '../batch/read-batch.js';
import { runBatch } from '../batch/run-batch.js';
import { reasonOf } from '../reason-of.js';
import type { Session } from '../session.js';
import { UsageError } from '../usage-error.js';

/** Runs all jobs of a file. Results go to stdout, or to a file, as a line of JSON each. */
export async function batch(
  session: Session,
  file: string,
  { out, again }: { readonly out?: string; readonly again?: boolean },
): Promise<number> {
  const path = resolve(session.cwd, file);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${path} cannot be read: ${reasonOf(error)}`);
  });
  const check = await jobCheckOf(session.client);
  const { profile } = session.settings;
  const jobs = readBatch(text, check, profile === undefined ? {} : { profile }, again === true ? randomUUID() : '');
  if (out === undefined) return runBatch(session, jobs, session.print);
  const results = createWriteStream(resolve(session.cwd, out));
  const code = await runBatch(session, jobs, (line) => results.write(`${line}\n`));
  results.end();
  await finished(results);
  return code;
}
