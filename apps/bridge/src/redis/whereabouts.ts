import type { RedisConnection } from '@remuda/redis';

/** The address of Redis: TCP, with or without TLS, or a unix socket. */
export type RedisAddress =
  { readonly host: string; readonly port: number; readonly tls: boolean } | { readonly path: string };

/** The current address of Redis: with sentinels it changes. */
export interface RedisWhereabouts {
  /** Undefined while it is unknown. */
  readonly now: () => RedisAddress | undefined;
  /**
   * Calls back when it may have changed: connections to the old address are then cut. The returned function
   * unsubscribes.
   */
  readonly onMove?: (moved: () => void) => () => void;
}

/** A fixed address stays the same; with sentinels, workers are sent to the address of our own connection. */
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

/** The address in a Redis URL; its user, password and database are ignored, since each worker has its own user. */
function redisAddress(url: URL): RedisAddress {
  if (url.protocol === 'redis+unix:') return { path: decodeURIComponent(url.pathname) };
  const host = url.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1';
  return { host, port: Number(url.port || 6379), tls: url.protocol === 'rediss:' };
}
