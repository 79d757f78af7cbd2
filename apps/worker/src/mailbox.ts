import type { Steer, Steering } from '@remuda/domain';

/** What is said to an attempt while it runs: its turn hears it when it can, from the first message on. */
export class Mailbox implements Steering {
  readonly #messages: Steer[] = [];
  #hear: ((message: Steer) => void) | undefined;

  constructor(messages: readonly Steer[] = []) {
    for (const message of messages) this.put(message);
  }

  /** Takes a message, unless it has it. */
  put(message: Steer): void {
    if (this.#messages.some(({ id }) => id === message.id)) return;
    this.#messages.push(message);
    this.#hear?.(message);
  }

  attend(hear: (message: Steer) => void): () => void {
    for (const message of this.#messages) hear(message);
    this.#hear = hear;
    return () => {
      if (this.#hear === hear) this.#hear = undefined;
    };
  }
}
