import { RemudaError, errorCodes, failureCodes, failureRule, type ErrorCode, type FailureCode } from '@remuda/domain';
import { expect, test } from 'vitest';
import { toProblem } from '../../../apps/api/src/problems/problem.js';
import { readDocument, sections } from './document.js';

const document = readDocument('docs/errors.md');
const entries = sections(document, 3);
const ofJobs = sections(sections(document, 2).get('Jobs that ended without success') ?? '', 3);

/** What a code's entry says of one point; undefined where it says nothing of it. */
function said(code: ErrorCode, point: string): string | undefined {
  const points = (entries.get(code) ?? '').split(/^- /m).map((text) => text.replaceAll(/\s+/g, ' ').trim());
  const mark = `**${point}:** `;
  return points.find((text) => text.startsWith(mark))?.slice(mark.length);
}

/** What the document says of a point, code by code, for those codes that it says it of. */
function all(point: string): Readonly<Record<string, string | undefined>> {
  const told = errorCodes.map((code) => [code, said(code, point)] as const);
  return Object.fromEntries(told.filter(([, text]) => text !== undefined));
}

/** The status with which the api sends a code; there is none where it sends `internal` in its place. */
function status(code: ErrorCode): string {
  const { problem } = toProblem(new RemudaError(code, ''));
  return problem.code === code ? String(problem.status) : 'never sent';
}

/** What becomes of a job that fails with a code. */
function retried(code: FailureCode): string {
  const { class: kind, retry, counted, backoff, most } = failureRule(code);
  if (!retry) return 'no';
  if (kind === 'limit') return 'with `onLimit: wait`, when the limit is lifted; does not count';
  const pause = backoff === undefined ? 'at once' : `after ${backoff.firstMs / 1_000} s`;
  return `yes, ${pause}${most === 1 ? ', once' : ''}; ${counted ? 'counts' : 'does not count'}`;
}

test('docs/errors.md explains every code and no other, in the order of the code', () => {
  expect([...entries.keys()]).toEqual([...errorCodes]);
});

test.each(['Means', 'Cause', 'Cure'])('docs/errors.md has a sentence under %s for every code', (point) => {
  for (const code of errorCodes) expect(said(code, point), code).toMatch(/\w.*\.$/);
});

test('docs/errors.md has for every code the HTTP status that the api gives it', () => {
  expect(all('HTTP')).toEqual(Object.fromEntries(errorCodes.map((code) => [code, status(code)])));
});

test('docs/errors.md says of every code with which a job can fail whether it is tried again, and of no other', () => {
  expect(all('Retried')).toEqual(Object.fromEntries(failureCodes.map((code) => [code, retried(code)])));
});

test('docs/errors.md says of every code with which a job can fail whose fault it is, and how the next attempt begins', () => {
  const due = failureCodes.map((code) => [code, `${failureRule(code).class}, ${failureRule(code).again}s`]);
  expect(all('Class')).toEqual(Object.fromEntries(due));
});

test('docs/errors.md has the codes with which a job can fail in their own chapter', () => {
  expect(['internal', ...ofJobs.keys()]).toEqual([...failureCodes]);
});
