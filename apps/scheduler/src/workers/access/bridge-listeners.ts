import { RemudaError, type Clock } from '@remuda/domain';
import type { RedisWorkerListeners } from '@remuda/redis';

/** Dependencies of waiting for a bridge. */
export interface BridgeListenersParts {
  readonly listeners: Pick<RedisWorkerListeners, 'say' | 'areOpen'>;
  /** The folder of our workers' sockets: that of one bridge. */
  readonly socketDir: string;
  readonly clock: Clock;
}

/** How long a bridge may take, in ms: enough for one that is restarting. */
const limitMs = 15_000;
/** The first and maximum delay between two checks, in ms: a bridge takes some milliseconds. */
const [firstPauseMs, longestPauseMs] = [1, 250];

/** Ensures that a worker finds its sockets when it starts: its folder must exist before its container is created. */
export class BridgeListeners {
  constructor(private readonly parts: BridgeListenersParts) {}

  /** Requests a registered worker's sockets; resolves when they exist. Rejects with `bridge.unavailable` after 15 s. */
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
