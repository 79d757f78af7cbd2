import type { AuditEntry, AuditQuery, AuditRecord } from '@remuda/domain';
import { expect } from 'vitest';

/** A request of the audit log. */
export const auditEntry = (request: string, own: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ kind: 'refused', at: 1, request, method: 'GET', path: '/', status: 401 },
  ...own,
});

/** Some requests of two tenants and of nobody, oldest first. */
const requests = (tenant: string): readonly AuditEntry[] => [
  auditEntry('1', { tenant, subject: 'ann', path: '/api/v1/jobs/j-1/cancel', kind: 'steered', status: 202 }),
  auditEntry('2', { path: '/api/v1/jobs', code: 'token.missing', from: '::1' }),
  auditEntry('3', { tenant, subject: 'bob', key: 'k-1', path: '/api/v1/pools/a/pause', code: 'token.scope_missing' }),
  auditEntry('4', { tenant: 'another', subject: 'ann', path: '/api/v1/jobs/j-2/cancel', kind: 'steered' }),
  auditEntry('5', { tenant, subject: 'ann', path: '/api/v1/jobs/j-2', kind: 'steered', status: 404 }),
];

/**
 * Shows what a query finds, wherever the audit log is kept. `put` writes requests in this order, with the time and the place that the
 * keeper gives them or with given ones.
 */
export async function showAuditQueries(
  tenant: string,
  put: (entries: readonly AuditEntry[]) => Promise<unknown>,
  list: (query: AuditQuery) => Promise<readonly AuditRecord[]>,
): Promise<void> {
  const written = requests(tenant);
  await put(written);
  const found = async (query: Partial<AuditQuery>): Promise<string> =>
    (await list({ limit: 100, ...query })).map(({ request }) => request).join('');
  const all = await list({ tenant, orUnknown: true, limit: 100 });
  expect(all.map(({ at: _at, id: _id, ...entry }) => entry)).toEqual(
    [4, 2, 1, 0].map((i) => {
      const { at: _at, ...entry } = written[i] ?? auditEntry('');
      return entry;
    }),
  );
  expect(await found({ tenant })).toBe('531');
  expect(await found({ tenant, limit: 2 })).toBe('53');
  expect(await found({ tenant, kind: 'steered' })).toBe('51');
  expect(await found({ tenant, who: 'ann' })).toBe('51');
  expect(await found({ tenant, who: 'k-1' })).toBe('3');
  expect(await found({ tenant, path: '/api/v1/jobs/j-' })).toBe('51');
  expect(await found({ tenant, orUnknown: true, path: '/api/v1/jobs' })).toBe('521');
  expect(await found({ tenant, request: '3' })).toBe('3');
  expect(await found({ tenant, request: '4' })).toBe('');
  expect(await found({ tenant, who: 'ann', kind: 'steered', path: '/api/v1/jobs/j-1' })).toBe('1');
  expect(await found({ tenant: 'none' })).toBe('');

  const [fifth, third, second, first] = all;
  if (!fifth || !third || !second || !first) throw new Error('four are there');
  const whose = { tenant, orUnknown: true };
  for (const limit of [1, 2, 3]) {
    let [text, page] = ['', await list({ ...whose, limit })];
    for (let last = page.at(-1); last; last = page.at(-1)) {
      text += page.map(({ request }) => request).join('');
      page = await list({ ...whose, limit, below: last });
    }
    expect([limit, text]).toEqual([limit, '5321']);
  }
  const between = await list({ ...whose, since: second.at, until: third.at, limit: 100 });
  expect(between).toEqual(all.filter(({ at }) => at >= second.at && at <= third.at));
  expect(await list({ ...whose, since: fifth.at + 1, limit: 100 })).toEqual([]);
  expect(await list({ ...whose, until: first.at - 1, limit: 100 })).toEqual([]);
}
