import { tenantRules, type TenantRules } from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { defineScript } from '../script/define-script.js';

/** Replaces the published rules. */
const publishScript = defineScript(
  { keys: ['rules'], rest: 'fields', whenFull: true },
  `
redis.call('DEL', rulesKey)
for i = 1, #fields, 2 do redis.call('HSET', rulesKey, fields[i], fields[i + 1]) end
return 1
`,
);

/** Publishes the rules of tenants: they hold for whatever is submitted or started from now on. */
export async function publishTenants(connection: RedisConnection, keys: RedisKeys, rules: TenantRules): Promise<void> {
  const fields = Object.entries(rules).flatMap(([tenant, rule]) =>
    tenantRules.flatMap((name) => (rule[name] === undefined ? [] : [`${tenant}:${name}`, rule[name]])),
  );
  await publishScript.run(clientOf(connection), { keys: { rules: keys.tenantRules }, args: {}, rest: fields });
}

/** The published rules. */
export async function readTenantRules(connection: RedisConnection, keys: RedisKeys): Promise<TenantRules> {
  const fields = await clientOf(connection).hgetall(keys.tenantRules);
  const rules: Record<string, Record<string, number>> = {};
  for (const [field, value] of Object.entries(fields)) {
    const [tenant = '', name = ''] = field.split(':');
    (rules[tenant] ??= {})[name] = Number(value);
  }
  return rules;
}
