import type { Engine, NewEvent, TurnEnd } from '@remuda/domain';

/** What an engine of one person's own does after a prompt. */
export type AfterTurn = 'continue' | 'fresh';

/** Where the id of the conversation is kept, so that it goes on after a restart. */
export interface SessionMemory {
  read(): Promise<string | undefined>;
  write(sessionId: string): Promise<void>;
}

/** Parts of such an engine. */
export interface OwnersParts {
  readonly engine: Engine;
  readonly after: AfterTurn;
  /**
   * Whether one token is good for as long as the engine lives, also between turns: a person may attach to its terminal and
   * type prompts, and another token would need another start of Claude Code.
   */
  readonly steady: boolean;
  readonly memory: SessionMemory;
  readonly now: () => number;
  /** Resolves when a Claude Code runs again that has ended; rejects when it was given up. */
  readonly revive: (why: unknown) => Promise<void>;
  /** Gives up what `revive` tries, now and later. */
  readonly giveUp: () => void;
}

/**
 * The engine of a worker on a channel. Its bridge tokens are good while their turn runs, and its folders belong to the
 * person whose workspace it is: they are never emptied. Unless wanted otherwise one conversation goes on over all turns,
 * also in a Claude Code that had to be started again.
 */
export class OwnersEngine implements Engine {
  readonly #running = new Set<string>();
  #session: string | undefined;
  /** Whether the running Claude Code does not have the conversation, and resumes it for each turn. */
  #apart = false;

  /** Of the first warm-up. */
  #steadyToken: string | undefined;

  constructor(private readonly parts: OwnersParts) {}

  /** Whether the model may be asked with this token: a running turn has it, or it is the steady one. */
  readonly admits = (token: string | undefined): boolean =>
    token !== undefined && (this.#running.has(token) || token === this.#steadyToken);

  get version(): string | undefined {
    return this.parts.engine.version;
  }

  async warm(bridgeToken?: string): Promise<void> {
    if (this.parts.steady) this.#steadyToken ??= bridgeToken;
    await this.parts.engine.warm(this.#steadyToken ?? bridgeToken);
    if (this.#session !== undefined || this.parts.after === 'fresh') return;
    this.#session = await this.parts.memory.read();
    this.#apart = this.#session !== undefined;
  }

  /** Claude Code has ended: the next one does not know the conversation. */
  ended(): void {
    this.#apart = this.parts.after === 'continue';
  }

  resume(...args: Parameters<Engine['resume']>): Promise<void> {
    return this.parts.engine.resume(...args);
  }

  async turn(...[asked, onEvent, signal]: Parameters<Engine['turn']>): Promise<TurnEnd> {
    const bridgeToken = this.#steadyToken ?? asked.bridgeToken;
    const turn = { ...asked, bridgeToken };
    this.#running.add(bridgeToken);
    try {
      if (this.#apart && this.#session !== undefined) await this.#resumeFor(turn, onEvent);
      return await this.parts.engine.turn(turn, (event) => this.#tell(event, onEvent), signal);
    } finally {
      this.#running.delete(bridgeToken);
    }
  }

  endRest(): ReturnType<Engine['endRest']> {
    return this.parts.engine.endRest();
  }

  memoryMb(): Promise<number | undefined> {
    return this.parts.engine.memoryMb();
  }

  async reset(bridgeToken?: string): Promise<void> {
    const { engine, after, memory, revive } = this.parts;
    if (after === 'continue') {
      // A Claude Code that ended within the turn is started anew by this.
      await this.warm(bridgeToken).catch(revive);
      if (this.#session !== undefined) await memory.write(this.#session);
      return;
    }
    await engine.reset(this.#steadyToken ?? bridgeToken).catch(revive);
  }

  kill(): Promise<void> {
    this.parts.giveUp();
    return this.parts.engine.kill();
  }

  async #resumeFor(turn: Parameters<Engine['turn']>[0], onEvent: (event: NewEvent) => void): Promise<void> {
    try {
      await this.parts.engine.resume(this.#session ?? '', turn);
      // Claude Code in a terminal goes on with it from now on; the other engine starts a process for this turn only.
      if (this.parts.steady) this.#apart = false;
    } catch (error) {
      const message = `The conversation could not be resumed and begins anew: ${String(error)}`;
      onEvent({ type: 'attempt.warned', at: this.parts.now(), data: { message } });
      this.#apart = false;
    }
  }

  #tell(event: NewEvent, onEvent: (event: NewEvent) => void): void {
    if (event.type === 'session.started') this.#session = (event.data as { readonly sessionId: string }).sessionId;
    onEvent(event);
  }
}
