/** Heartbeat timeout, in ms, while heartbeats could have arrived: three missed ones. */
export const silenceMs = 6_000;
/** Heartbeat timeout while no worker behind the same bridge sends heartbeats, in ms. */
export const holdMs = 60_000;
/**
 * If a bridge's workers were all silent for this long, in ms, the bridge was down: with one, a report arrives every 2
 * s.
 */
const bridgeNapMs = 3_000;
/** A worker with a report within this time, in ms, can get a job: two heartbeats, and their jitter. */
const livelyMs = 5_000;

/** A worker and its last report. Times are of the monotonic clock, in ms. */
export interface Speaker {
  readonly id: string;
  /** Name of the bridge through which it reports; undefined if it has its own connection to Redis, as we do. */
  readonly bridge: string | undefined;
  /** Its last report; -Infinity before the first one. */
  readonly heardAt: number;
}

/** Meaning of a worker's silence: `silent` may still be our own fault, or its container may be gone. */
export type Silence = 'none' | 'held' | 'silent';

/**
 * Distinguishes a dead worker from a broken connection. While we cannot reach Redis, or none of a bridge's workers
 * reports, silence means nothing; when reports arrive again, each worker has the full timeout from its own last report.
 */
export class Hearing {
  #awakeAt = -Infinity;
  /** By bridge: its last report, and since when its workers can report again. */
  readonly #bridges = new Map<string, { lastAt: number; backAt: number }>();

  /** No worker counts as silent for the time before `now`: we could not receive reports. */
  excuse(now: number): void {
    this.#awakeAt = now;
  }

  /** To be called with every report, before it is recorded as the worker's last one. */
  onWord({ bridge }: Speaker, now: number): void {
    if (bridge === undefined) return;
    const { lastAt = -Infinity, backAt = -Infinity } = this.#bridges.get(bridge) ?? {};
    this.#bridges.set(bridge, { lastAt: now, backAt: now - lastAt > bridgeNapMs ? now : backAt });
  }

  /** What a worker's silence means. */
  of(worker: Pick<Speaker, 'bridge' | 'heardAt'>, now: number): Silence {
    const { lastAt = -Infinity, backAt = -Infinity } = this.#bridges.get(worker.bridge ?? '') ?? {};
    const since = Math.max(worker.heardAt, this.#awakeAt, backAt);
    if (now - since <= silenceMs) return 'none';
    if (worker.bridge === undefined || now - since > holdMs) return 'silent';
    // Others behind it were heard so much later: one that has left since says as much of the bridge.
    return lastAt - since > silenceMs ? 'silent' : 'held';
  }
}

/** Whether a worker has reported recently: others get no job. */
export function isLively({ heardAt }: Speaker, now: number): boolean {
  return now - heardAt <= livelyMs;
}
