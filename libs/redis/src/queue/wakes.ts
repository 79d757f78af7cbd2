import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';

/** A turn of a session that has its place in its profile's queue. */
export interface PlacedTurn {
  readonly profile: string;
  readonly job: string;
  readonly session: string;
}

/** Notifications for schedulers. Each may be lost during an outage of Redis: receivers also check periodically. */
export interface WakeListener {
  /** About this many jobs of a profile can be claimed. */
  onJobs(profile: string, jobs: number): void;
  /** A turn of a session has its place: a worker may wait for it. */
  onTurn(turn: PlacedTurn): void;
  /** A scheduler has left: its workers can be taken over. */
  onSchedulerLeft(): void;
  /** An operator has ordered something of a pool or a worker. */
  onOrder(): void;
}

/** Notifications for schedulers, over Redis pub/sub. */
export class Wakes {
  private readonly redis: Redis;
  private readonly listening: Redis;

  /** `listening` must not be used for anything else. */
  constructor(
    connection: RedisConnection,
    listening: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
    this.listening = clientOf(listening);
  }

  /** Calls back from now on, until `close`. */
  async follow(listener: WakeListener): Promise<void> {
    const { wake, steer } = this.keys;
    await this.listening.subscribe(wake, steer);
    this.listening.on('message', (channel: string, message: string) => {
      if (channel === steer) listener.onOrder();
      else if (message === '') listener.onSchedulerLeft();
      else {
        const [profile = '', jobs = '1', job, session = ''] = message.split(' ');
        if (job !== undefined) listener.onTurn({ profile, job, session });
        listener.onJobs(profile, Number(jobs));
      }
    });
  }

  /** Notifies that a scheduler leaves. */
  async sayLeft(): Promise<void> {
    await this.redis.publish(this.keys.wake, '');
  }

  close(): void {
    this.listening.disconnect();
  }
}
