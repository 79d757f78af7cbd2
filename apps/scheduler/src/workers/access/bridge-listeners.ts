import { RemudaError, type Clock } from '@remuda/domain';
import type { RedisWorkerListeners } from '@remuda/redis';

/** What waiting for a bridge takes. */
export interface BridgeListenersParts {
  readonly listeners: Pick<RedisWorkerListeners, 'say' | 'areOpen'>;
  /** The folder of sockets that our workers see theirs in: that of one bridge. */
  readonly socketDir: string;
  readonly clock: Clock;
}

/** So long a bridge may take, in ms: one that is just being started again is waited for. */
const limitMs = 15_000;
/** The first pause between two looks, in ms, and the longest: a bridge takes some milliseconds. */
const [firstPauseMs, longestPauseMs] = [1, 250];

/** Sees to it that a worker finds its sockets when it starts: its folder has to be there before its container can be made. */
export class BridgeListeners {
  constructor(private readonly parts: BridgeListenersParts) {}

  /** Asks for a registered worker's sockets; resolves when they are there. Rejects with `bridge.unavailable` after 15 s. */
  async open(worker: string): Promise<void> {
    const { listeners, socketDir, clock } = this.parts;
    await listeners.say(worker);
    let pauseMs = firstPauseMs;
    for (let waitedMs = 0; !(await listeners.areOpen(worker, socketDir)); waitedMs += pauseMs) {
      if (waitedMs > limitMs) throw bridgeAway(socketDir);
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
      await clock.sleep(pauseMs);
    }
  }
}

function bridgeAway(socketDir: string): RemudaError {
  return new RemudaError(
    'bridge.unavailable',
    `No bridge makes the sockets of new workers in ${socketDir}: is one running with this REMUDA_SOCKET_DIR?`,
  );
}
