import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { freePort } from '../../../apps/local/dist/cluster/free-port.js';
import { startProcess, type KeptProcess } from '../../../apps/local/dist/cluster/kept-process.js';
import { findServer } from '../../../apps/local/dist/redis/redis-facts.js';
import { signalProcess } from './member.js';
import type { ChaosOptions } from './options.js';

/** After the run: for those who still speak to it, should this process be killed. */
const lingerMs = 15_000;

/** A Redis that is killed now and then, and comes back with what is in its append-only file. */
export class RedisServer {
  #process: KeptProcess | undefined;
  #pid = 0;
  #starts = 0;
  /** Pods are not this machine's own. */
  readonly #password = randomBytes(24).toString('hex');

  private constructor(
    private readonly program: string,
    private readonly port: number,
    private readonly dir: string,
    private readonly fsync: ChaosOptions['fsync'],
    private readonly host: string,
  ) {}

  /** `host`: the address at which it is reached. */
  static async start(dir: string, fsync: ChaosOptions['fsync'], host = '127.0.0.1'): Promise<RedisServer> {
    const program = await findServer(process.env);
    if (program === undefined) throw new Error('chaos needs a redis-server on PATH: it kills one again and again');
    await mkdir(join(dir, 'redis'));
    const server = new RedisServer(program, await freePort(), dir, fsync, host);
    await server.#run();
    return server;
  }

  get url(): string {
    return `redis://:${this.#password}@${this.host}:${String(this.port)}`;
  }

  connect(name: string): RawConnection {
    return connectRaw(this.url, { name });
  }

  /** SIGKILL, and a new start at once; resolves when it answers again. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#process?.ended;
    await this.#run();
  }

  /** Sends a signal to the server that runs now. */
  signal(signal: NodeJS.Signals): void {
    signalProcess(this.#pid, signal);
  }

  async stop(): Promise<void> {
    this.signal('SIGCONT');
    await this.#process?.stop(10_000);
  }

  async #run(): Promise<void> {
    const config = [
      ...[
        `port ${String(this.port)}`,
        `bind ${this.host}`,
        `requirepass ${this.#password}`,
        `dir "${join(this.dir, 'redis')}"`,
        'daemonize no',
      ],
      ...['appendonly yes', `appendfsync ${this.fsync}`, 'save ""', 'maxmemory-policy noeviction'],
    ];
    this.#process = startProcess({
      name: 'redis',
      run: { program: this.program, lingerMs },
      args: ['-'],
      input: `${config.join('\n')}\n`,
      env: process.env,
      log: join(this.dir, 'logs', `redis.${String(++this.#starts)}.log`),
    });
    const probe = this.connect('chaos-probe');
    try {
      this.#pid = Number(/process_id:(\d+)/.exec(await probe.info('server'))?.[1]);
    } finally {
      probe.disconnect();
    }
  }
}
