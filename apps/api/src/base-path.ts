/** Path segments of plain characters, none of which leads upwards: no escaping is needed in a page or a header. */
const path = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)*$/;
const maxChars = 200;

/** The proxy's path prefix for one request: `/remuda`, or empty. */
export type BasePathOf = (headers: Readonly<Record<string, string | readonly string[] | undefined>>) => string;

/** Parses such a prefix. Throws if it is invalid. */
export function readBasePath(value: string): string {
  if (value.length > maxChars || !path.test(value))
    throw new Error('expected a path such as /remuda, without a trailing slash');
  return value;
}

/**
 * The configured prefix or, if trusted, the one that the proxy reports to have stripped (`X-Forwarded-Prefix`). An
 * invalid one is ignored: it would end up in the board's page and in URLs.
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

/** A path without the trailing slash that some proxies send; undefined if it is invalid. */
function wellFormed(told: string): string | undefined {
  const bare = told.replace(/\/$/, '');
  return bare.length <= maxChars && path.test(bare) ? bare : undefined;
}
