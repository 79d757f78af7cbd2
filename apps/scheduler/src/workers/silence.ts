/** Heartbeat timeout, in ms, while heartbeats could have arrived: three missed ones. */
export const silenceMs = 6_000;
/** While nobody is heard who speaks by the same bridge, a worker's silence means nothing for so long, in ms. */
export const holdMs = 60_000;
/** Where a bridge's workers were all silent for so long, in ms, it was away: with one, a word comes every 2 s. */
const bridgeNapMs = 3_000;
/** Whoever was heard no longer ago than this, in ms, can be given a job: two heartbeats, and what they may be late. */
const livelyMs = 5_000;

/** A worker as its words tell. Times are of the monotonic clock, in ms. */
export interface Speaker {
  readonly id: string;
  /** Names the bridge by which it speaks; undefined where it reaches Redis by itself, as we do. */
  readonly bridge: string | undefined;
  /** Its last word; -Infinity before the first. */
  readonly heardAt: number;
}

/** What is to be made of a worker that says nothing: `silent` may still be our own deafness, or its container may be gone. */
export type Silence = 'none' | 'held' | 'silent';

/**
 * Tells silence that means something from silence that does not. While we don't hear Redis, and while none of a bridge's workers is
 * heard, there is nothing to be concluded from it; when words come again, everybody has as long as from their own last word.
 */
export class Hearing {
  #awakeAt = -Infinity;
  /** By bridge: its last word, and since when its workers can be heard again. */
  readonly #bridges = new Map<string, { lastAt: number; backAt: number }>();

  /** For the time before `now` nobody counts as silent: we could not hear. */
  excuse(now: number): void {
    this.#awakeAt = now;
  }

  /** To be said of every word, before it's noted as the worker's last one. */
  onWord({ bridge }: Speaker, now: number): void {
    if (bridge === undefined) return;
    const { lastAt = -Infinity, backAt = -Infinity } = this.#bridges.get(bridge) ?? {};
    this.#bridges.set(bridge, { lastAt: now, backAt: now - lastAt > bridgeNapMs ? now : backAt });
  }

  /** What a worker's silence means. `all` are the workers that we listen to. */
  of(worker: Speaker, all: readonly Speaker[], now: number): Silence {
    const back = worker.bridge === undefined ? -Infinity : (this.#bridges.get(worker.bridge)?.backAt ?? -Infinity);
    const since = Math.max(worker.heardAt, this.#awakeAt, back);
    if (now - since <= silenceMs) return 'none';
    if (worker.bridge === undefined || now - since > holdMs) return 'silent';
    const others = all.filter(({ id, bridge }) => id !== worker.id && bridge === worker.bridge);
    return others.some(({ heardAt }) => heardAt - since > silenceMs) ? 'silent' : 'held';
  }
}

/** Whether a worker gave a sign of life a short time ago: whoever has not is given no job. */
export function isLively({ heardAt }: Speaker, now: number): boolean {
  return now - heardAt <= livelyMs;
}
