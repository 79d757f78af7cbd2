/** What is said to a turn while it runs. */
export interface Steer {
  /** A UUID: a message with an id that the agent has heard before changes nothing. */
  readonly id: string;
  readonly text: string;
}

/** How much is said to one turn: this many messages, each of this many characters at most. */
export const steerLimits = { messages: 50, characters: 32_000 } as const;

/** What a turn hears while it runs. */
export interface Steering {
  /**
   * Calls back for each message, in the order in which they came, those before this call as well, until the returned function is called: the
   * turn then hears no more.
   */
  attend(hear: (message: Steer) => void): () => void;
}
