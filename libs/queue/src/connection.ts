import { Redis, type RedisOptions } from 'ioredis';

type Options = Omit<RedisOptions, 'replyMapping'>;

/** Opens a connection by ioredis, without two traps that it and BullMQ set up for each other. */
export function openConnection(options: Options): Redis {
  const redis = new Redis(options);
  // Without a listener ioredis prints; who uses the connection learns of an outage by its commands.
  redis.on('error', () => undefined);
  redis.setMaxListeners(0);
  // BullMQ opens a further one for what blocks.
  redis.duplicate = ((changes: Options) =>
    openConnection({ ...(redis.options as Options), ...changes })) as Redis['duplicate'];
  keepScriptsKnown(redis);
  return redis;
}

/**
 * A batch of commands that waits to be sent knows the scripts that there were when it was begun; while Redis is away that may be
 * long ago. BullMQ brings its scripts along whenever it first uses a connection: called in such a batch, they would give a
 * TypeError, and all that come behind them in it the answers of others.
 */
function keepScriptsKnown(redis: Redis): void {
  const define = redis.defineCommand.bind(redis);
  redis.defineCommand = (name, definition) => {
    define(name, definition);
    const own = redis as unknown as Readonly<Record<string, unknown>>;
    const calls = Object.fromEntries([name, `${name}Buffer`].map((call) => [call, own[call]]));
    for (const batch of (redis['_autoPipelines'] as ReadonlyMap<string, object>).values()) Object.assign(batch, calls);
  };
}
