import { RemudaError } from '@remuda/domain';

/** One run and the number of its waiters. */
interface Run<T> {
  readonly controller: AbortController;
  /** Starts the run; its result. */
  readonly result: Promise<T>;
  waiting: number;
}

/**
 * Work that must not run twice at a time: a caller during a run shares the next one, which starts after the call. A run
 * that nobody waits for any more is aborted, or does not start.
 */
export class Turns<T> {
  private running: Run<T> | undefined;
  private next: Run<T> | undefined;

  constructor(private readonly work: (signal: AbortSignal) => Promise<T>) {}

  /** A run that starts now or later, never one that started earlier. Rejects if the signal aborts first. */
  take(signal?: AbortSignal): Promise<T> {
    if (!this.running) return wait(this.begin(new AbortController()), signal);
    if (!this.next || this.next.controller.signal.aborted) this.next = this.after(this.running);
    return wait(this.next, signal);
  }

  private begin(controller: AbortController): Run<T> {
    const run: Run<T> = { controller, result: this.work(controller.signal), waiting: 0 };
    const over = (): void => {
      if (this.running === run) this.running = undefined;
    };
    this.running = run;
    run.result.then(over, over);
    return run;
  }

  private after(running: Run<T>): Run<T> {
    const controller = new AbortController();
    const go = (): Promise<T> => {
      if (controller.signal.aborted) throw new Error('No client waited for it.');
      this.next = undefined;
      return this.begin(controller).result;
    };
    const result = running.result.then(go, go);
    result.catch(() => undefined);
    return { controller, result, waiting: 0 };
  }
}

function wait<T>(run: Run<T>, signal: AbortSignal | undefined): Promise<T> {
  run.waiting++;
  if (!signal) return run.result;
  const left = new Promise<never>((_, reject) => {
    const leave = (): void => {
      reject(new RemudaError('workspace.unavailable', 'The client no longer waits.'));
      if (--run.waiting === 0) run.controller.abort();
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    const stay = (): void => {
      signal.removeEventListener('abort', leave);
    };
    run.result.then(stay, stay);
  });
  return Promise.race([run.result, left]);
}
