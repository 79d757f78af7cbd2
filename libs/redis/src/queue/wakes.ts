import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';

/** What wakes a scheduler. Each may get lost while Redis is away: whoever listens looks for itself now and then. */
export interface WakeListener {
  /** About so many jobs of a profile can be claimed. */
  onJobs(profile: string, jobs: number): void;
  /** A scheduler has left: its workers can be taken over. */
  onSchedulerLeft(): void;
  /** An operator has ordered something of a pool or a worker. */
  onOrder(): void;
}

/** What schedulers are woken by, over Redis pub/sub. */
export class Wakes {
  private readonly redis: Redis;
  private readonly listening: Redis;

  /** `listening` is used for nothing else. */
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
        const [profile = '', jobs = '1'] = message.split(' ');
        listener.onJobs(profile, Number(jobs));
      }
    });
  }

  /** Says that a scheduler leaves. */
  async sayLeft(): Promise<void> {
    await this.redis.publish(this.keys.wake, '');
  }

  close(): void {
    this.listening.disconnect();
  }
}
