import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { program } from './program.js';

/** Rows of a statement, and how many it changed. */
export interface Answer {
  readonly rows?: readonly unknown[];
  readonly count?: number;
}

interface Reply extends Answer {
  readonly nth: number;
  readonly error?: { readonly message: string; readonly code?: string };
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** A thread with a PGlite. It keeps the process alive only while it is asked. */
export class PgliteThread {
  readonly #waiting = new Map<number, Waiting>();
  readonly #worker: Worker;
  #asked = 0;
  #over = false;

  /** `folder` of its data; `memory://` keeps none. */
  constructor(folder: string) {
    const library = createRequire(import.meta.url).resolve('@electric-sql/pglite');
    this.#worker = new Worker(program, { eval: true, workerData: { folder, library }, execArgv: [] });
    this.#worker.unref();
    this.#worker.on('message', (reply: Reply) => this.#take(reply));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('PGlite has ended')));
  }

  /** Whether it has ended: then it is of no more use. */
  get over(): boolean {
    return this.#over;
  }

  /** Runs a statement. */
  query(text: string, values: readonly unknown[]): Promise<Answer> {
    return this.#ask({ text, values });
  }

  /** Writes everything and ends it. */
  async close(): Promise<void> {
    if (!this.#over) await this.#ask({ close: true }).catch(() => undefined);
    await this.#worker.terminate();
  }

  #ask(what: object): Promise<Answer> {
    if (this.#over) return Promise.reject(new Error('PGlite has ended'));
    const nth = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(nth, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ nth, ...what });
    });
  }

  #take({ nth, error, ...answer }: Reply): void {
    const waiting = this.#waiting.get(nth);
    this.#waiting.delete(nth);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (error) waiting?.reject(Object.assign(new Error(error.message), error.code ? { code: error.code } : {}));
    else waiting?.resolve(answer);
  }

  #end(error: Error): void {
    this.#over = true;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
