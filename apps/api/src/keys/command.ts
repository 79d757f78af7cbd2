import { parseArgs } from 'node:util';
import { isScope, isTenantName, scopes, type Scope } from '@remuda/domain';

/** What the command for API keys is asked to do. */
export type KeysCommand =
  | {
      readonly what: 'create';
      readonly tenant: string;
      readonly scopes: readonly Scope[];
      readonly name: string;
      readonly days?: number;
    }
  | { readonly what: 'list' }
  | { readonly what: 'revoke'; readonly id: string };

/** How the command is used. */
export const usage = `Usage:
  create --tenant NAME --scopes jobs:read,jobs:write [--name TEXT] [--days N]
  list
  revoke ID

Scopes: ${scopes.join(', ')}. The keys are in the Redis that REMUDA_REDIS_URL names.`;

/** Reads the command's words. Throws an Error that says what was expected. */
export function readCommand(words: readonly string[]): KeysCommand {
  const [what, ...rest] = words;
  if (what === 'create') return readCreate(rest);
  if (what === 'list' && rest.length === 0) return { what };
  if (what === 'revoke' && rest.length === 1 && rest[0] !== undefined) return { what, id: rest[0] };
  throw new Error(usage);
}

const option = { type: 'string' } as const;

function readCreate(words: readonly string[]): KeysCommand {
  const options = { tenant: option, scopes: option, name: option, days: option };
  const { values } = parseArgs({ args: [...words], options, strict: true });
  const { tenant = '', name = tenant, days } = values;
  if (!isTenantName(tenant)) throw new Error('--tenant: expected 1 to 63 of A-Z a-z 0-9 _ -');
  if (name.length > 100) throw new Error('--name: expected at most 100 characters');
  if (days !== undefined && !/^[1-9]\d{0,3}$/.test(days)) throw new Error('--days: expected a number from 1 to 9999');
  return {
    what: 'create',
    tenant,
    name,
    scopes: readScopes(values.scopes ?? ''),
    ...(days === undefined ? {} : { days: Number(days) }),
  };
}

function readScopes(text: string): readonly Scope[] {
  const words = [...new Set(text.split(',').map((word) => word.trim()))];
  const wrong = words.find((word) => !isScope(word));
  if (wrong !== undefined)
    throw new Error(`--scopes: expected some of ${scopes.join(',')}, not ${JSON.stringify(wrong)}`);
  return words.filter(isScope);
}
