import { Redis, type Command, type RedisOptions } from 'ioredis';
import { PassedOver, logTo, type QueueLog } from './queue-log.js';

type Options = Omit<RedisOptions, 'replyMapping'>;

/** Opens a connection with ioredis, so that a command that waited for Redis gets its own answer, and nothing else. */
export function openConnection(options: Options, log?: QueueLog): Redis {
  const redis = new Redis(options);
  logTo(redis, log);
  // Without a listener ioredis prints errors; users of the connection learn of an outage from their commands.
  const failed = new PassedOver(redis, 'a connection to Redis failed', { connection: options.connectionName });
  redis.on('error', (error) => failed.say(error));
  redis.on('ready', () => failed.wentWell());
  redis.setMaxListeners(0);
  // BullMQ opens another one for blocking commands, and so does a worker's queue.
  redis.duplicate = ((changes: Options) =>
    openConnection({ ...(redis.options as Options), ...changes }, log)) as Redis['duplicate'];
  sendPartsAgain(redis);
  writeTogether(redis);
  return redis;
}

/**
 * Commands of one turn are written together, after all current microtasks: one system call for us, and one read for
 * Redis. ioredis's own `enableAutoPipelining` creates a pipeline per turn, with all of BullMQ's scripts as methods,
 * which costs more than the commands themselves, and sends nothing before the event loop's turn is over.
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
 * ioredis resends commands without an answer after a lost connection, but not if others of their batch had an answer:
 * those are rejected, and their effect is unknown. So each command of a batch is tracked separately after it was sent,
 * except those of a transaction.
 */
function sendPartsAgain(redis: Redis): void {
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command: Command & { pipelineIndex?: number }, ...batch) => {
    if (batch[0] === undefined || isOfTransaction(command)) return send(command, ...batch);
    const isSent = command.pipelineIndex === undefined;
    delete command.pipelineIndex;
    // The batch itself is only written when it is complete.
    return isSent ? send(command) : send(command, ...batch);
  };
}

function isOfTransaction({ name, inTransaction }: Command): boolean {
  return inTransaction || name === 'multi' || name === 'exec';
}
