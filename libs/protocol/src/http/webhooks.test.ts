import { emptyResult, type JobRecord, type JobResult } from '@remuda/domain';
import { jobRef, jobSpec } from '@remuda/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxWebhookBytes, webhookBody, type WebhookBody } from './webhooks.js';

const { prompt: _prompt, ...spec } = jobSpec({ labels: { team: 'a' } });
const job: JobRecord = {
  ...{ ...jobRef('j-1'), spec, state: 'succeeded', times: { queuedAt: 1_000, overAt: 2_000 } },
  ...{ attempt: 1, failures: 0, requeues: 0, lease: 1 },
};
const read = (result?: JobResult, of = job) => JSON.parse(webhookBody('job.succeeded', of, result)) as WebhookBody;
const git = { branch: 'b', base: '1', head: '2', commits: [], filesChanged: 1, insertions: 1, deletions: 0 };

describe('the body of a message', () => {
  test('has the job with its result, its times and its labels, and not its prompt', () => {
    const { type, timestamp, data } = read({ ...emptyResult(), text: 'done', structured: { a: 1 } });
    expect({ type, timestamp }).toEqual({ type: 'job.succeeded', timestamp: '1970-01-01T00:00:02.000Z' });
    const { id, tenant } = job;
    expect(data).toMatchObject({ id, tenant, state: 'succeeded', text: 'done', structured: { a: 1 } });
    expect(data.times.overAt).toBe(timestamp);
    expect(data).not.toHaveProperty('lease');
    expect(data).not.toHaveProperty('spec');
  });

  test('leaves out what makes it too large, the patch first, and says so', () => {
    const result = { ...emptyResult(), text: 'x'.repeat(1_000), git: { ...git, patch: 'y'.repeat(maxWebhookBytes) } };
    const { data } = read(result);
    expect(data).toMatchObject({ text: result.text, git, omitted: ['git.patch'] });
    expect(data.git).not.toHaveProperty('patch');
    expect(read({ ...result, text: '€'.repeat(maxWebhookBytes) }).data.omitted).toEqual(['git.patch', 'text']);
  });

  test('is never larger than its limit', () => {
    const text = fc.nat(maxWebhookBytes * 2).map((length) => '"'.repeat(length));
    fc.assert(
      fc.property(text, text, text, (said, patch, structured) => {
        const body = webhookBody('job.failed', job, {
          ...emptyResult(),
          text: said,
          structured,
          git: { ...git, patch },
        });
        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(maxWebhookBytes);
      }),
      { numRuns: 20 },
    );
  });
});
