import { Worker } from 'node:worker_threads';
import type { Fault, JsonSchema } from '@remuda/domain';

/**
 * Checks schemas in a separate thread: compiling one of a thousand parts takes longer than other requests should wait.
 * One at a time; one that times out, or crashes the thread, gets that as its fault, and the next one gets a new thread.
 */
export class SchemaThread {
  #thread: Worker | undefined;
  #line: Promise<unknown> = Promise.resolve();

  /** `program` answers a message `{ schema, at }` with the faults; `limitMs` is in ms. */
  constructor(
    private readonly program: URL,
    private readonly limitMs: number,
  ) {}

  /** The faults of a schema at a path. Never rejects. */
  check(schema: JsonSchema, at: string): Promise<readonly Fault[]> {
    const answer = this.#line.then(() => this.#ask(schema, at));
    this.#line = answer;
    return answer;
  }

  #ask(schema: JsonSchema, at: string): Promise<readonly Fault[]> {
    const asked = (this.#thread ??= this.#start());
    return new Promise((resolve) => {
      const timer = setTimeout(() => void asked.terminate(), this.limitMs);
      const end = (faults: readonly Fault[]): void => {
        clearTimeout(timer);
        asked.off('message', end).off('exit', gone);
        resolve(faults);
      };
      const gone = (): void => {
        end([{ path: at, message: 'cannot be used: checking it timed out' }]);
      };
      asked.on('message', end).on('exit', gone).postMessage({ schema, at });
    });
  }

  /** It does not keep the process alive. */
  #start(): Worker {
    const started = new Worker(this.program, { execArgv: [] });
    started.unref();
    // Its crash is reported by its exit as well.
    started.on('error', () => undefined);
    started.on('exit', () => (this.#thread = undefined));
    return started;
  }
}
