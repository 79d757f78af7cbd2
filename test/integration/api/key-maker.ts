import type { ApiKeyRecord } from '@remuda/domain';
import { RedisApiKeys, connectRedis, redisKeys } from '@remuda/redis';
import { hashSecret, makeApiKey } from '@remuda/runtime';

/** An API key as a client has it. */
export interface MadeKey {
  readonly id: string;
  readonly text: string;
}

/** Makes and revokes API keys, as the command does. */
export interface KeyMaker extends Disposable {
  readonly keys: RedisApiKeys;
  make(own?: Partial<ApiKeyRecord>): Promise<MadeKey>;
}

/** Opens a connection to where an api's keys are. */
export function openKeys(redisUrl: string, namespace: string): KeyMaker {
  const connection = connectRedis(redisUrl, { name: 'test-keys' });
  const keys = new RedisApiKeys(connection, redisKeys(namespace));
  return {
    keys,
    make: async (own = {}) => {
      const { id, secret, text } = makeApiKey();
      const record = { id, name: 'ci', tenant: 'a', hash: hashSecret(secret), createdAt: Date.now() };
      await keys.add({ ...record, scopes: ['jobs:read', 'jobs:write'], ...own });
      return { id, text };
    },
    [Symbol.dispose]: () => {
      connection.close();
    },
  };
}
