/** Reads the secret of JWTs. Throws for one that could be guessed. */
export function readJwtSecret(value: string): string {
  if (value.length < 32) throw new Error(`expected at least 32 characters, got ${String(value.length)}`);
  return value;
}

/** Reads the address of an issuer's keys: over TLS, since who changes them signs tokens. Throws for any other. */
export function readJwksUrl(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isLocal = url !== undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)) return url;
  throw new Error('expected a URL that begins with https://');
}
