/** Most items of one group: a script over many keys holds up everybody else. */
const maxGroup = 100;

interface Waiting<T, R> {
  readonly items: readonly T[];
  readonly resolve: (answers: readonly R[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What arrives in the same turn of the event loop is written as one group: alone it waits for nobody, under load many
 * share the way to Redis and back. A group is written whole or not at all.
 */
export class Groups<T, R> {
  #waiting: Waiting<T, R>[] = [];
  #size = 0;

  /** `write` gives one answer for each item, in their order; with `enough` items a group waits for no more. */
  constructor(
    private readonly write: (items: readonly T[]) => Promise<readonly R[]>,
    private readonly enough = maxGroup,
  ) {}

  /** Resolves with the answers to these items; rejects with whatever the write of their group rejects with. */
  add(items: readonly T[]): Promise<readonly R[]> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ items, resolve, reject });
      this.#size += items.length;
      if (this.#size >= this.enough) this.#flush();
    });
  }

  #flush(): void {
    const group = this.#waiting;
    this.#waiting = [];
    this.#size = 0;
    if (group.length === 0) return;
    this.write(group.flatMap((each) => each.items)).then(
      (answers) => this.#answer(group, answers),
      (error: unknown) => group.forEach((each) => each.reject(error)),
    );
  }

  #answer(group: readonly Waiting<T, R>[], answers: readonly R[]): void {
    let from = 0;
    for (const { items, resolve } of group) resolve(answers.slice(from, (from += items.length)));
  }
}
