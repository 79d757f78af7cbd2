import {
  anyone,
  type ApiKeyRecord,
  type ApiKeys,
  type AuditEntry,
  type AuditLog,
  type Revocations,
  type Tickets,
} from '@remuda/domain';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { showAuditQueries } from './audit-queries.js';

/** What is kept of identities, and a way to let its time pass. */
export interface IdentityHarness {
  readonly keys: ApiKeys;
  readonly revocations: Revocations;
  readonly tickets: Tickets;
  readonly audit: AuditLog;
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

const key = (id: string, own: Partial<ApiKeyRecord> = {}): ApiKeyRecord => ({
  ...{ id, name: 'ci', tenant: 'a', scopes: ['jobs:read'], hash: 'h', createdAt: 1 },
  ...own,
});
/** What every keeper of the ports ApiKeys, Revocations, Tickets and AuditLog promises. */
export function identityContract(name: string, make: () => Promise<IdentityHarness>): void {
  describe(`${name}, as a keeper of identities`, () => {
    let harness: IdentityHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(() => harness.close());

    test('a key that was added is found as it was, and no other', async () => {
      const { keys } = harness;
      const one = key('1', { expiresAt: Date.now() + 1_000_000 });
      await keys.add(one);
      expect(await keys.find('1')).toEqual(one);
      expect(await keys.find('2')).toBeUndefined();
    });

    test('all keys are listed, the oldest first', async () => {
      const { keys } = harness;
      for (const createdAt of [3, 1, 2]) await keys.add(key(`k${String(createdAt)}`, { createdAt }));
      expect((await keys.all()).map(({ id }) => id)).toEqual(['k1', 'k2', 'k3']);
    });

    test('a revoked key says since when, also when it is revoked again, and is still listed', async () => {
      const { keys } = harness;
      await keys.add(key('1'));
      expect(await keys.revoke('1', 5)).toBe(true);
      expect(await keys.revoke('1', 9)).toBe(true);
      expect(await keys.find('1')).toEqual(key('1', { revokedAt: 5 }));
      expect(await keys.all()).toEqual([key('1', { revokedAt: 5 })]);
    });

    test('a key that is not there cannot be revoked, and is not there afterwards', async () => {
      const { keys } = harness;
      expect(await keys.revoke('1', 5)).toBe(false);
      expect(await keys.all()).toEqual([]);
    });

    test('who follows hears of each key that is revoked', async () => {
      const { keys, revocations } = harness;
      const heard: string[] = [];
      await revocations.follow((id) => heard.push(id));
      for (const id of ['1', '2']) await keys.add(key(id));
      await keys.revoke('2', 5);
      await expect.poll(() => heard).toEqual(['2']);
    });

    test('a ticket stands for its principal, once', async () => {
      const { tickets } = harness;
      const principal = { ...anyone, key: 'k', expiresAt: 7 };
      await tickets.issue('h', principal, 60_000);
      expect(await tickets.redeem('other')).toBeUndefined();
      expect(await tickets.redeem('h')).toEqual(principal);
      expect(await tickets.redeem('h')).toBeUndefined();
    });

    test('of many who redeem a ticket at the same time, one does', async () => {
      const { tickets } = harness;
      await tickets.issue('h', anyone, 60_000);
      const redeemed = await Promise.all(Array.from({ length: 20 }, () => tickets.redeem('h')));
      expect(redeemed.filter((one) => one !== undefined)).toHaveLength(1);
    });

    test('a ticket whose time is over stands for nobody', async () => {
      const { tickets } = harness;
      await tickets.issue('h', anyone, 20);
      await harness.pass(40);
      expect(await tickets.redeem('h')).toBeUndefined();
    });

    test('the audit log is listed, newest first, by whatever is asked for, in pages', async () => {
      const { audit } = harness;
      const put = async (entries: readonly AuditEntry[]): Promise<void> => {
        for (const entry of entries) {
          await audit.append(entry);
          // entries of two kinds in one millisecond have no order
          await harness.pass(2);
        }
      };
      await showAuditQueries('a', put, async (query) => (await audit.list(query)).entries);
    });
  });
}
