/** Steps of plain characters, none of which leads back: nothing in it needs an escape where it is written into a page or a header. */
const path = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)*$/;
const maxChars = 200;

/** What a proxy has before our paths, for one request: `/remuda`, or empty. */
export type BasePathOf = (headers: Readonly<Record<string, string | readonly string[] | undefined>>) => string;

/** Reads such a path. Throws for what is none. */
export function readBasePath(value: string): string {
  if (value.length > maxChars || !path.test(value))
    throw new Error('expected a path such as /remuda, without a trailing slash');
  return value;
}

/**
 * The path that is set, or, where that is trusted, the one that the proxy says it has taken away (`X-Forwarded-Prefix`). What
 * is no path counts as not said: it would stand in the board's page and in addresses.
 */
export function planBasePath({
  basePath = '',
  trustPrefix,
}: {
  readonly basePath?: string | undefined;
  readonly trustPrefix: boolean;
}): BasePathOf {
  if (!trustPrefix) return () => basePath;
  return ({ 'x-forwarded-prefix': told }) => (typeof told === 'string' && wellFormed(told)) || basePath;
}

/** A path without the slash at its end that some proxies send; undefined for what is none. */
function wellFormed(told: string): string | undefined {
  const bare = told.replace(/\/$/, '');
  return bare.length <= maxChars && path.test(bare) ? bare : undefined;
}
