/** Runs actions on the same name one after another; actions on other names do not wait. */
export class InTurn {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs the action when earlier ones on this name have settled, and returns its result. */
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
