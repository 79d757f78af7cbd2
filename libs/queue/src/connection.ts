import { Redis, type Command, type RedisOptions } from 'ioredis';

type Options = Omit<RedisOptions, 'replyMapping'>;

/** Opens a connection by ioredis, so that whoever waits for Redis to be back gets the answer to what was asked, and nothing else. */
export function openConnection(options: Options): Redis {
  const redis = new Redis(options);
  // Without a listener ioredis prints; who uses the connection learns of an outage by its commands.
  redis.on('error', () => undefined);
  redis.setMaxListeners(0);
  // BullMQ opens a further one for what blocks.
  redis.duplicate = ((changes: Options) =>
    openConnection({ ...(redis.options as Options), ...changes })) as Redis['duplicate'];
  keepScriptsKnown(redis);
  sendPartsAgain(redis);
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

/**
 * What had no answer when the connection was lost ioredis sends again, but not where others of its batch had theirs: those are
 * rejected, and nobody knows whether they were done. So each command of a batch stands for itself here once it was sent, but for
 * those of a transaction.
 */
function sendPartsAgain(redis: Redis): void {
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command: Command & { pipelineIndex?: number }, ...batch) => {
    if (batch[0] === undefined || isOfTransaction(command)) return send(command, ...batch);
    const isSent = command.pipelineIndex === undefined;
    delete command.pipelineIndex;
    // The batch itself is written only when it's complete.
    return isSent ? send(command) : send(command, ...batch);
  };
}

function isOfTransaction({ name, inTransaction }: Command): boolean {
  return inTransaction || name === 'multi' || name === 'exec';
}
