/** Work on one thing that must not run twice at a time: whoever asks meanwhile shares the next run, which begins after he asked. */
export class Turns<T> {
  private running: Promise<T> | undefined;
  private next: Promise<T> | undefined;

  constructor(private readonly work: () => Promise<T>) {}

  /** A run that begins now or later; never one that began before. */
  take(): Promise<T> {
    if (!this.running) return this.begin();
    this.next ??= this.running.then(
      () => this.begin(),
      () => this.begin(),
    );
    return this.next;
  }

  private begin(): Promise<T> {
    this.next = undefined;
    const run = this.work();
    const over = (): void => {
      if (this.running === run) this.running = undefined;
    };
    this.running = run;
    run.then(over, over);
    return run;
  }
}
