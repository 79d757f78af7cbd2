import { join } from 'node:path';
import { startProcess, type KeptProcess, type ProcessPlan } from '../../../apps/local/dist/cluster/kept-process.js';
import { whenReady } from '../../../apps/local/dist/cluster/ready.js';

const readyLimitMs = 60_000;
const graceMs = 20_000;
/** Between the end of a process and its next start: what a supervisor takes. */
const restartMs = 50;

/** A part of the cluster that is started again whenever it ends, as a supervisor would. */
export class Member {
  #process: KeptProcess | undefined;
  #starts = 0;
  #stopped = false;
  #pauseMs = restartMs;
  #again: Promise<void> = Promise.resolve();

  /** `readyUrl` answers below 500 when the part is ready. */
  constructor(
    private readonly plan: Omit<ProcessPlan, 'log'>,
    private readonly readyUrl: string,
    private readonly logDir: string,
  ) {}

  get name(): string {
    return this.plan.name;
  }

  /** Path of the log of the process that runs now. */
  get log(): string {
    return join(this.logDir, `${this.name}.${String(this.#starts)}.log`);
  }

  get starts(): number {
    return this.#starts;
  }

  /** Starts it, keeps it up from now on, and resolves when it's ready. */
  async start(): Promise<void> {
    const ended = this.#run();
    const fault = await whenReady({ url: this.readyUrl, ended, limitMs: readyLimitMs });
    if (fault !== undefined) throw new Error(`${this.name}: ${fault}`);
  }

  /** Resolves when the part is ready: undefined, or a sentence that says why it isn't. */
  ready(): Promise<string | undefined> {
    return whenReady({ url: this.readyUrl, ended: new Promise(() => undefined), limitMs: readyLimitMs });
  }

  /** Ends the process that runs now, and starts the next one after `pauseMs`; resolves when that is ready. */
  async restart(signal: 'SIGKILL' | 'SIGTERM', pauseMs = restartMs): Promise<void> {
    const again = this.#again;
    this.#pauseMs = pauseMs;
    this.signal('SIGCONT');
    this.signal(signal);
    await again;
    await this.ready();
  }

  /** Sends a signal to the process that runs now. */
  signal(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid;
    if (pid !== undefined) signalProcess(pid, signal);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.signal('SIGCONT');
    await this.#process?.stop(graceMs);
  }

  #run(): Promise<string> {
    this.#starts++;
    const started = startProcess({ ...this.plan, log: this.log });
    this.#process = started;
    this.#again = started.ended.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
      this.#pauseMs = restartMs;
      if (!this.#stopped) void this.#run();
    });
    return started.ended;
  }
}

/** What has ended in the meantime needs no signal. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
