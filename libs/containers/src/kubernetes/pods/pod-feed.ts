import { setTimeout as sleep } from 'node:timers/promises';
import type { RuntimeLog } from '../../runtime-log.js';
import { said } from '../../start-failed.js';
import { PodCache, type PodChange } from './pod-cache.js';
import type { PodClient } from './pod-client.js';
import { RevisionGone, type PodWatchClient } from './pod-watch-client.js';
import type { SeenPod } from './seen-pod.js';

/** Delay before the API server is asked again: doubles from the first to the longest. */
const firstPauseMs = 100;
const longestPauseMs = 5_000;
/** A watch without any message for this long hangs: a bookmark comes every minute. */
const silenceMs = 90_000;

/** Dependencies of following the pods of a cluster. */
export interface PodFeedParts {
  readonly pods: Pick<PodClient, 'list'>;
  readonly watches: Pick<PodWatchClient, 'open'>;
  readonly labelSelector: string;
  readonly log: RuntimeLog;
}

type Listener = (change: PodChange) => void;

/**
 * Follows the pods of a cluster: lists them, and watches from there. A watch that ends is reopened at its last
 * revision; if the server no longer has that, the pods are listed again. Runs until it is closed.
 */
export class PodFeed {
  readonly #cache = new PodCache();
  readonly #listeners = new Set<Listener>();
  readonly #ended = new AbortController();
  /** Revision at which the next watch begins; undefined if a list is needed first. */
  #resourceVersion: string | undefined;
  /** Time of the server's last message, by the monotonic clock in ms. */
  #heardAt = -Infinity;
  #listing: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #following: Promise<void> | undefined;

  constructor(private readonly parts: PodFeedParts) {}

  /** Reports each change from now on; the returned function stops that. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The pods, as of no longer ago than this, in ms. Rejects with `runtime.unavailable` if there is no answer. */
  async seen(maxAgeMs: number): Promise<readonly SeenPod[]> {
    if (performance.now() - this.#heardAt > maxAgeMs) await this.#list();
    this.#following ??= this.#follow();
    return this.#cache.pods;
  }

  /** Resolves when the pod was seen and is gone again; lists if the watch does not report it in time. */
  async untilSeen(uid: string, limitMs: number): Promise<void> {
    await this.#until(() => this.#cache.has(uid) || this.#cache.isGone(uid), limitMs);
  }

  /** Whether the pod is gone, now or within the limit. */
  async untilGone(uid: string, limitMs: number): Promise<boolean> {
    return this.#until(() => !this.#cache.has(uid), limitMs);
  }

  /** Resolves when the pod is gone or its phase says how it ended, or else after the limit. */
  async untilOver(uid: string, limitMs: number): Promise<void> {
    const isOver = (): boolean => ['Succeeded', 'Failed', undefined].includes(this.#cache.get(uid)?.phase);
    await this.#until(isOver, limitMs);
  }

  async close(): Promise<void> {
    this.#ended.abort();
    this.#listeners.clear();
    await this.#following;
  }

  async #until(holds: () => boolean, limitMs: number): Promise<boolean> {
    await this.seen(Infinity);
    const timer = new AbortController();
    const unlisten = this.listen(() => {
      if (holds()) timer.abort();
    });
    const signal = AbortSignal.any([timer.signal, this.#ended.signal]);
    if (!holds()) await sleep(limitMs, undefined, { signal }).catch(() => undefined);
    unlisten();
    if (!holds()) await this.#list();
    return holds();
  }

  /** One list at a time. All callers during a list share the next one. */
  #list(): Promise<void> {
    if (this.#listing) return (this.#next ??= this.#listing.catch(() => undefined).then(() => this.#listNext()));
    this.#listing = this.#ask().finally(() => (this.#listing = undefined));
    return this.#listing;
  }

  #listNext(): Promise<void> {
    this.#next = undefined;
    return this.#list();
  }

  async #ask(): Promise<void> {
    const askedAt = performance.now();
    const list = await this.parts.pods.list(this.parts.labelSelector);
    this.#heardAt = Math.max(this.#heardAt, askedAt);
    this.#resourceVersion ??= list.resourceVersion;
    this.#tell(this.#cache.list(list));
  }

  async #follow(): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!this.#isEnded()) {
      try {
        if (this.#resourceVersion === undefined) await this.#list();
        await this.#watch(this.#resourceVersion ?? '');
        pauseMs = firstPauseMs;
      } catch (error) {
        if (error instanceof RevisionGone) this.#resourceVersion = undefined;
        else if (!this.#isEnded()) this.parts.log.warn({ error: said(error), pauseMs }, 'the watch of the pods broke');
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
      await sleep(pauseMs, undefined, { signal: this.#ended.signal }).catch(() => undefined);
    }
  }

  /** Reads a watch to its end. */
  async #watch(resourceVersion: string): Promise<void> {
    const silence = new AbortController();
    const hush = setTimeout(() => {
      silence.abort();
    }, silenceMs);
    const signal = AbortSignal.any([this.#ended.signal, silence.signal]);
    try {
      for await (const event of this.parts.watches.open(this.parts.labelSelector, resourceVersion, signal)) {
        hush.refresh();
        this.#heardAt = performance.now();
        if (event.kind !== 'bookmark') this.#tell(this.#cache.hear(event));
        this.#resourceVersion = event.resourceVersion;
      }
    } finally {
      clearTimeout(hush);
    }
  }

  #isEnded(): boolean {
    return this.#ended.signal.aborted;
  }

  #tell(changes: readonly PodChange[]): void {
    for (const change of changes) for (const listener of this.#listeners) listener(change);
  }
}
