import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { isRecord } from '@remuda/protocol';

const cpuOrder = { asks: 'cpu' };

/** A program of the benchmark in a process of its own: it answers what it is asked, and may say things unasked. */
export class Member {
  readonly #asked = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  readonly #exited: Promise<unknown>;
  #count = 0;

  private constructor(
    private readonly child: ChildProcess,
    onNote: (note: unknown) => void,
  ) {
    this.#exited = once(child, 'exit').then(([code, signal]) => {
      const error = new Error(`a part of the benchmark ended with ${String(code ?? signal)}`);
      for (const asked of this.#asked.values()) asked.reject(error);
    });
    child.on('message', (message) => {
      if (!isRecord(message)) return;
      const asked = this.#asked.get(Number(message['to']));
      if ('note' in message) onNote(message['note']);
      else if (typeof message['error'] === 'string') asked?.reject(new Error(message['error']));
      else asked?.resolve(message['answer']);
      this.#asked.delete(Number(message['to']));
    });
  }

  /** Starts a compiled program; what it prints is dropped but for errors. */
  static start(program: string, args: readonly string[], onNote: (note: unknown) => void = () => undefined): Member {
    const child = fork(program, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    return new Member(child, onNote);
  }

  /** Asks for something. Rejects with what went wrong there, or when there is no answer within `limitMs`. */
  async ask<T>(order: object, limitMs = 60_000): Promise<T> {
    const to = ++this.#count;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#asked.set(to, { resolve: resolve as (answer: unknown) => void, reject });
        timer = setTimeout(() => {
          reject(new Error(`a part of the benchmark gave no answer within ${limitMs / 1_000} s`));
        }, limitMs);
        this.child.send({ to, order });
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** CPU time of its process so far, in µs. */
  cpuUs(): Promise<number> {
    return this.ask<number>(cpuOrder);
  }

  /** Ends it, and resolves when it's gone. Safe to call twice. */
  async end(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 3_000);
    await this.#exited;
    clearTimeout(timer);
  }
}

/** The member's own side: answers orders until its starter is gone, and ends then. */
export function serve(answer: (order: never) => unknown): void {
  process.on('message', (message: { to: number; order: never }) => {
    void (async () => {
      try {
        process.send?.({
          to: message.to,
          answer: isCpuOrder(message.order) ? ownCpuUs() : await answer(message.order),
        });
      } catch (error) {
        process.send?.({
          to: message.to,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        });
      }
    })();
  });
  process.once('disconnect', () => process.exit(0));
}

const isCpuOrder = (order: unknown): boolean => isRecord(order) && order['asks'] === cpuOrder.asks;

function ownCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** The member's own side: says something unasked. */
export function note(what: object): void {
  process.send?.({ note: what });
}
