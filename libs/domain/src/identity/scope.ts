/** What a token can allow. `admin` is the operator of the whole cluster; the others are limited to the token's tenant. */
export const scopes = ['jobs:read', 'jobs:write', 'sessions:read', 'sessions:write', 'admin'] as const;

/** What a token can allow. */
export type Scope = (typeof scopes)[number];

/** Whether a word is a scope. */
export function isScope(word: string): word is Scope {
  return (scopes as readonly string[]).includes(word);
}

/**
 * Whether a name can be a tenant's: 1 to 63 letters, digits, `_` or `-`. So it can be part of a Redis key and of a
 * queue's name, whose parts are separated by `:` and `.`.
 */
export function isTenantName(name: string): boolean {
  return /^[A-Za-z0-9_-]{1,63}$/.test(name);
}
