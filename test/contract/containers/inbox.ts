/** Things that come in, and are waited for. */
export class Inbox<T> {
  /** All that ever came in. */
  readonly all: T[] = [];
  readonly #untaken: T[] = [];
  readonly #waiting = new Set<() => void>();

  put(item: T): void {
    this.all.push(item);
    this.#untaken.push(item);
    for (const look of [...this.#waiting]) look();
  }

  /** The first that fits, now or when it comes; each is given once. */
  take(fits: (item: T) => boolean): Promise<T> {
    return new Promise((resolve) => {
      const look = (): void => {
        const at = this.#untaken.findIndex(fits);
        if (at < 0) return;
        this.#waiting.delete(look);
        resolve(this.#untaken.splice(at, 1)[0] as T);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
