import 'reflect-metadata';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { ListDeadLettersDto, RedriveDto } from '../dead-letters/dead-letters.dto.js';
import { EventsQueryDto } from '../events/events.dto.js';
import { CancelJobDto } from '../jobs/cancel-job.dto.js';
import { canonicalJson } from '../jobs/idempotency.js';
import { readJobSpec } from '../jobs/job-spec.js';
import { ListJobsDto } from '../jobs/list-jobs.dto.js';
import { SubmitBatchDto } from '../jobs/submit-batch.dto.js';
import { DrainPoolDto, DrainWorkerDto, PausePoolDto } from '../pools/steer.dto.js';
import { fieldsOf } from './fields.js';
import { readJsonBody } from './json-body.js';
import { findUnsafeJson } from './plain-json.js';
import { readDto } from './read-dto.js';

const dtos = {
  CancelJobDto,
  DrainPoolDto,
  DrainWorkerDto,
  EventsQueryDto,
  ListDeadLettersDto,
  ListJobsDto,
  PausePoolDto,
};
const all = { ...dtos, RedriveDto, SubmitBatchDto };
const plainBody = { 'content-type': 'application/json' };

/** For all classes one after the other: a tenth of it for one of them, and room for a machine that does other things. */
const mostSeconds = 1.5;
/** As many values as a body may have, less some for what is around them. */
const most = 49_000;
/** Texts of what no honest client sends: so many of one thing that anything worse than linear shows. */
const heavy: Readonly<Record<string, () => string>> = {
  'many elements': () => `[${'0,'.repeat(most)}0]`,
  'many equal texts': () => `[${'"a",'.repeat(most)}"a"]`,
  'many lists': () => `[${'[],'.repeat(most / 2)}0]`,
  'many objects': () => `[${'{},'.repeat(most / 2)}0]`,
  'many names': () => `{${Array.from({ length: most }, (_, i) => `"n${i}":0`).join(',')}}`,
  'names of numbers': () => `{${Array.from({ length: most }, (_, i) => `"${i * 7}":0`).join(',')}}`,
  'long names': () => `{${Array.from({ length: 500 }, (_, i) => `"${'n'.repeat(20_000)}${i}":0`).join(',')}}`,
  'deep lists': () => '['.repeat(most / 2) + ']'.repeat(most / 2),
  'deep objects': () => '{"a":'.repeat(most / 2) + '0' + '}'.repeat(most / 2),
  'deep and wide': () => `${'['.repeat(60)}${'{"a":[]},'.repeat(most / 3)}0${']'.repeat(60)}`,
  'a long text': () => `"${'x'.repeat(10_000_000)}"`,
  'a text of pairs': () => `"${'😀'.repeat(2_500_000)}"`,
  'a text of escapes': () => `"${'\\n'.repeat(5_000_000)}"`,
  'a long number': () => '9'.repeat(5_000_000),
  'dashes and dots': () => `"${'-.'.repeat(5_000_000)}"`,
  'a long URL': () => `"https://${'a.'.repeat(5_000_000)}"`,
};

/** Seconds of processor time that something takes: what others do on the machine is not in it. */
async function cpuSeconds(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Everything that is done with a body before it is taken or refused, by every class that one is read by. */
async function read(text: string): Promise<void> {
  const body = await readJsonBody(plainBody, Buffer.from(text)).catch(() => undefined);
  if (findUnsafeJson(body)) return;
  canonicalJson(body);
  for (const dto of Object.values(all)) readDto<object>(dto, body);
  readJobSpec(body, { now: 0, git: { allowFile: false, hosts: [] } });
}

const names = [...new Set(Object.values(all).flatMap((dto) => [...fieldsOf(dto).names]))];
const jobNames = ['prompt', 'model', 'tools', 'workspace', 'runAt', 'secrets', 'labels', 'metadata', 'outputSchema'];
const frames = [
  (text: string) => text,
  ...[...names, ...jobNames].map((name) => (text: string) => `{"${name}":${text}}`),
  ...['tools":{"allow', 'workspace":{"kind":"git","url', 'workspace":{"kind":"git","ref', 'filter":{"class'].map(
    (name) => (text: string) => `{"prompt":"p","${name}":${text}}}`,
  ),
];

beforeAll(() => read('{"prompt":"warm"}'));

// Of a body of unknown names alone, each of which is compared with all others, it took more than five seconds.
test('no body takes much work, whatever it is full of and wherever that is', { timeout: 240_000 }, async () => {
  const [what, where] = [fc.constantFrom(...Object.keys(heavy)), fc.constantFrom(...frames)];
  await fc.assert(
    fc.asyncProperty(what, where, async (kind, frame) => {
      const text = frame(heavy[kind]?.() ?? '');
      expect(await cpuSeconds(() => read(text)), kind).toBeLessThan(mostSeconds);
    }),
    { numRuns: 40 },
  );
});

test.each(Object.keys(heavy))('%s at the top take little work', { timeout: 60_000 }, async (kind) => {
  const text = heavy[kind]?.() ?? '';
  expect(await cpuSeconds(() => read(text))).toBeLessThan(mostSeconds);
});

test('a body of more values than that is refused before it is parsed', async () => {
  const reading = readJsonBody(plainBody, Buffer.from(`[${'{},'.repeat(4_000_000)}{}]`));
  await expect(reading).rejects.toMatchObject({ code: 'request.invalid', extra: { faults: [{ path: '' }] } });
});

test('values are counted outside of texts only', async () => {
  const body = { prompt: '[{,'.repeat(60_000) + '"\\"[,{' };
  expect(await readJsonBody(plainBody, Buffer.from(JSON.stringify(body)))).toEqual(body);
});

test('others have their turn while a large body is read', async () => {
  let turns = 0;
  const turning = setInterval(() => turns++, 0);
  await readJsonBody(plainBody, Buffer.from(`"${'x'.repeat(8 * 1024 * 1024)}"`));
  clearInterval(turning);
  expect(turns).toBeGreaterThan(5);
});

test('a text is the same in whatever pieces it is decoded', async () => {
  const text = `${'a'.repeat(256 * 1024 - 3)}😀ä`;
  expect(await readJsonBody(plainBody, Buffer.from(JSON.stringify(text)))).toBe(text);
  expect(await readJsonBody(plainBody, Buffer.from('\ufeff{}'))).toEqual({});
});
