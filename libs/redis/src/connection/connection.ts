import { Redis, type Command, type RedisOptions } from 'ioredis';
import { PassedOver, logTo, type QueueLog } from './queue-log.js';

type Options = Omit<RedisOptions, 'replyMapping'>;

/** Opens a connection by ioredis, so that whoever waits for Redis to be back gets the answer to what was asked, and nothing else. */
export function openConnection(options: Options, log?: QueueLog): Redis {
  const redis = new Redis(options);
  logTo(redis, log);
  // Without a listener ioredis prints; who uses the connection learns of an outage by its commands.
  const failed = new PassedOver(redis, 'a connection to Redis failed', { connection: options.connectionName });
  redis.on('error', (error) => failed.say(error));
  redis.on('ready', () => failed.wentWell());
  redis.setMaxListeners(0);
  // BullMQ opens a further one for what blocks, and so does a worker's queue.
  redis.duplicate = ((changes: Options) =>
    openConnection({ ...(redis.options as Options), ...changes }, log)) as Redis['duplicate'];
  sendPartsAgain(redis);
  writeTogether(redis);
  return redis;
}

/**
 * What is said in one go is written in one go, when all that goes on at the moment has been said: one system call for us, and one
 * read for Redis. ioredis's own `enableAutoPipelining` makes a pipeline for each go, with all of BullMQ's scripts as methods, which
 * costs more than the commands themselves, and sends nothing before the turn of the event loop is over.
 */
function writeTogether(redis: Redis): void {
  const send = redis.sendCommand.bind(redis);
  let together = false;
  redis.sendCommand = (...command) => {
    const stream = redis.stream as Redis['stream'] | undefined;
    if (stream && !together) {
      together = true;
      stream.cork();
      process.nextTick(() => {
        together = false;
        stream.uncork();
      });
    }
    return send(...command);
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
