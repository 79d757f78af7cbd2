import { anyone, type AuditEntry } from '@remuda/domain';
import { ManualClock, MemoryAuditLog } from '@remuda/testing';
import { expect, test } from 'vitest';
import { Audit, type Answered } from './audit.js';

const asked: Answered = {
  request: 'r-1',
  raw: { method: 'GET', url: '/api/v1/jobs/j-1/events?ticket=tk_secret', socket: { remoteAddress: '10.0.0.9' } },
  status: 200,
  steers: false,
};

async function noted(own: Partial<Answered>): Promise<readonly AuditEntry[]> {
  const [log, lines] = [new MemoryAuditLog(), [] as unknown[]];
  const info = (...line: unknown[]): void => void lines.push(line);
  new Audit(log, new ManualClock(5), { info }).note({ ...asked, ...own });
  const entries = (await log.list({ limit: 9 })).entries.map(({ id: _id, ...entry }) => entry);
  expect(lines).toHaveLength(entries.length);
  expect(JSON.stringify([lines, entries])).not.toContain('tk_secret');
  return entries;
}

test('what is only read is not noted, whatever is wrong with it', async () => {
  expect(await noted({})).toEqual([]);
  expect(await noted({ status: 404, code: 'job.unknown' })).toEqual([]);
});

test('what is refused to someone is noted with who, from where, what and the request’s id', async () => {
  const principal = { ...anyone, subject: 'ci', tenant: 'a', key: 'k', by: 'key' } as const;
  expect(await noted({ status: 403, code: 'token.scope_missing', principal })).toEqual([
    {
      ...{ kind: 'refused', at: 5, request: 'r-1', method: 'GET', path: '/api/v1/jobs/j-1/events', status: 403 },
      ...{ code: 'token.scope_missing', from: '10.0.0.9', subject: 'ci', tenant: 'a', key: 'k' },
    },
  ]);
});

test('what steers is noted also where it came to nothing', async () => {
  for (const [status, code] of [[200], [409, 'job.cannot_cancel'], [503, 'redis.unavailable']] as const)
    expect(await noted({ steers: true, status, code })).toMatchObject([{ kind: 'steered', status }]);
});

test('who has no token is noted without a name', async () => {
  expect(await noted({ status: 401, code: 'token.missing' })).toEqual([
    expect.not.objectContaining({ subject: expect.anything() as unknown }),
  ]);
});
