/** Carries out acts on one name one after the other; acts on other names do not wait. */
export class InTurn {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs the act when those before it on this name have settled, and gives what it gives. */
  run<T>(name: string, act: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(name) ?? Promise.resolve()).then(act, act);
    const settled: Promise<void> = turn.then(
      () => {
        this.#leave(name, settled);
      },
      () => {
        this.#leave(name, settled);
      },
    );
    this.#last.set(name, settled);
    return turn;
  }

  #leave(name: string, turn: Promise<unknown>): void {
    if (this.#last.get(name) === turn) this.#last.delete(name);
  }
}
