import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import type { Principal } from '@remuda/domain';
import { Gauge, Registry } from 'prom-client';
import { TokenEnds } from '../../identity/token-ends.js';

/** One stream to a client: its signal aborts when the client disconnects, its token ends or the app shuts down. */
export interface OpenStream {
  readonly signal: AbortSignal;
  /** To be called when the stream has finally ended. Safe to call twice. */
  readonly close: () => void;
}

/** How long the shutdown waits for streams to end gracefully, in ms; then their connections are cut. */
const goodbyeMs = 1_000;

/** All open event streams. They end with the first shutdown hook; clients resume elsewhere. */
@Injectable()
export class OpenStreams implements OnModuleDestroy, BeforeApplicationShutdown {
  private readonly open = new Set<AbortController>();
  private leaving = false;
  private onEmpty: () => void = () => undefined;

  constructor(
    registry: Registry,
    private readonly ends: TokenEnds,
  ) {
    const { open } = this;
    new Gauge({
      name: 'remuda_event_streams_open',
      help: 'Open event streams, over SSE and WebSocket.',
      registers: [registry],
      collect() {
        this.set(open.size);
      },
    });
  }

  onModuleDestroy(): void {
    this.leaving = true;
    for (const stream of this.open) stream.abort();
  }

  /** Resolves when all streams have ended, or after a second. */
  beforeApplicationShutdown(): Promise<void> {
    if (this.open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const limit = setTimeout(resolve, goodbyeMs);
      this.onEmpty = () => {
        clearTimeout(limit);
        resolve();
      };
    });
  }

  /** Opens a stream; during the shutdown it ends at once. Without a reader it has no token of its own. */
  start(reader?: Principal): OpenStream {
    const stream = new AbortController();
    if (this.leaving) stream.abort();
    else this.open.add(stream);
    const unwatch =
      reader &&
      this.ends.watch(reader, () => {
        stream.abort();
      });
    const close = (): void => {
      unwatch?.();
      stream.abort();
      if (this.open.delete(stream) && this.open.size === 0) this.onEmpty();
    };
    return { signal: stream.signal, close };
  }
}
