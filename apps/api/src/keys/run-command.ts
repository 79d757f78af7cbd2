import type { ApiKeyRecord, ApiKeys, Clock } from '@remuda/domain';
import { hashSecret, makeApiKey } from '@remuda/runtime';
import type { KeysCommand } from './command.js';

const dayMs = 86_400_000;

/** Creates, lists or revokes API keys; resolves with what to print. Rejects with an Error if there is no such key. */
export async function runCommand(command: KeysCommand, keys: ApiKeys, clock: Clock): Promise<readonly string[]> {
  switch (command.what) {
    case 'create':
      return create(command, keys, clock.now());
    case 'list':
      return (await keys.all()).map((key) => lineOf(key, clock.now()));
    case 'revoke':
      if (await keys.revoke(command.id, clock.now())) return [`${command.id} is revoked`];
      throw new Error(`There is no API key ${JSON.stringify(command.id)}: see "list".`);
  }
}

async function create(
  { tenant, scopes, name, days }: Extract<KeysCommand, { what: 'create' }>,
  keys: ApiKeys,
  now: number,
): Promise<readonly string[]> {
  const { id, secret, text } = makeApiKey();
  const ends = days === undefined ? {} : { expiresAt: now + days * dayMs };
  await keys.add({ id, name, tenant, scopes, hash: hashSecret(secret), createdAt: now, ...ends });
  return [text];
}

function lineOf({ id, name, tenant, scopes, createdAt, expiresAt, revokedAt }: ApiKeyRecord, now: number): string {
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
  const state =
    revokedAt !== undefined
      ? `revoked ${day(revokedAt)}`
      : expiresAt === undefined
        ? 'valid'
        : `${expiresAt <= now ? 'expired' : 'valid until'} ${day(expiresAt)}`;
  return [id, tenant, scopes.join(','), `created ${day(createdAt)}`, state, name].join('  ');
}
