import type { RedisConnection } from '@remuda/redis';

/** Where Redis is: a TCP address, with TLS or without, or a unix socket. */
export type RedisAddress =
  { readonly host: string; readonly port: number; readonly tls: boolean } | { readonly path: string };

/** Where Redis is at each moment: with sentinels it moves. */
export interface RedisWhereabouts {
  /** Undefined while nobody knows. */
  readonly now: () => RedisAddress | undefined;
  /** Calls back when it may have moved: whoever is joined with where it was then is cut off. The returned function ends that. */
  readonly onMove?: (moved: () => void) => () => void;
}

/** A fixed address is what it is; with sentinels, workers are led to where our own connection was led. */
export function whereabouts(url: string, own: RedisConnection): RedisWhereabouts {
  if (!url.startsWith('redis+sentinel:')) {
    const address = redisAddress(new URL(url));
    return { now: () => address };
  }
  const listeners = new Set<() => void>();
  own.onDown(() => {
    for (const moved of listeners) moved();
  });
  return {
    now: () => {
      const at = own.peer;
      return at && { ...at, tls: false };
    },
    onMove: (moved) => {
      listeners.add(moved);
      return () => listeners.delete(moved);
    },
  };
}

/** The address in a Redis URL; user, password and database in it are of no use here: each worker brings its own user. */
function redisAddress(url: URL): RedisAddress {
  if (url.protocol === 'redis+unix:') return { path: decodeURIComponent(url.pathname) };
  const host = url.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1';
  return { host, port: Number(url.port || 6379), tls: url.protocol === 'rediss:' };
}
