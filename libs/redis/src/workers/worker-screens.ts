import type { WorkerScreen, WorkerScreens } from '@remuda/domain';
import { decodeScreen, encodeControl, maxScreenBytes } from '@remuda/protocol';
import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { translateRedisError } from '../connection/redis-error.js';
import type { RedisKeys } from '../keys.js';
import { defineScript } from '../script/define-script.js';

/** Asks a worker that there is: one that was forgotten meanwhile gets no stream again. */
const askScript = defineScript(
  { keys: ['worker', 'control'], args: ['message'] },
  `
if redis.call('EXISTS', workerKey) == 0 then return 0 end
redis.call('XADD', controlKey, 'MAXLEN', 1000, '*', 'd', message)
return 1
`,
);

/** The screens of workers: asked for by a control message, shown in a key of the worker's own that expires. */
export class RedisWorkerScreens implements WorkerScreens {
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
  }

  async ask(worker: string, asked: number, forMs: number): Promise<void> {
    const keys = { worker: this.keys.worker(worker), control: this.keys.workerControl(worker) };
    const message = encodeControl({ kind: 'show', asked, forMs });
    await translated(askScript.run(this.redis, { keys, args: { message } }));
  }

  async shown(worker: string): Promise<WorkerScreen | undefined> {
    return decodeScreen(await translated(this.redis.getrange(this.keys.workerScreen(worker), 0, maxScreenBytes)));
  }
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw translateRedisError(error);
  }
}
