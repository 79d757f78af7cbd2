import {
  noUsage,
  type AbortSignalLike,
  type Ended,
  type Engine,
  type FailureCode,
  type JobResult,
  type NewEvent,
  type Turn,
  type TurnEnd,
} from '@remuda/domain';
import { RemudaError } from '@remuda/domain';
import type { World } from '../world/world.js';
import type { Conversation, CopyWeather, Memory } from './memory.js';

/** How agents fare at the moment. */
export interface AgentWeather extends CopyWeather {
  /** Probability that a turn fails, that it goes on for ever, and that it then does not even heed an interrupt. */
  fails: number;
  hangs: number;
  deaf: number;
  /** Probability that it can't be made warm, that it's never ready, that it can't be used again. */
  notWarm: number;
  neverWarm: number;
  notReset: number;
  /** Probability that a job takes its whole container along, again and again. */
  kills: number;
  /** Those that do. */
  readonly deadly: Set<string>;
  /** Longest time to become warm, and longest turn, in ms. */
  warmMs: number;
  longestMs: number;
}

/** One of each kind of consequence: tried again after a short and after a long pause, never, and once. */
const failures: readonly FailureCode[] = ['engine.crashed', 'model.overloaded', 'budget.exhausted', 'engine.hung'];

/** Who hears what turns do. */
export interface TurnWatch {
  /** A turn begins; gives it a number that no other one has. */
  onTurn(worker: string, job: string, token: string): number;
  onTurnEnd(worker: string, job: string): void;
  /** What the agent knows of its conversation as the turn begins. */
  onConversation(worker: string, job: string, conversation: Conversation): void;
}

/** What stands for Claude Code: it takes its time, says some things, and ends as chance has it. */
export class SimulatedAgent implements Engine {
  constructor(
    private readonly worker: string,
    private readonly world: World,
    private readonly weather: AgentWeather,
    private readonly watch: TurnWatch,
    private readonly memory: Memory,
    /** Ends the worker's program at once. */
    private readonly die: () => void,
  ) {}

  /** Its session, while it is alive between two turns. */
  #held: string | undefined;
  /** The session that the next turn resumes. */
  #resumes: string | undefined;

  get holding(): boolean {
    return this.#held !== undefined;
  }

  async endHeld(): Promise<void> {
    await pause(1);
    this.#held = undefined;
  }

  async warm(): Promise<void> {
    const { random } = this.world;
    if (random.chance(this.weather.neverWarm)) await new Promise(() => undefined);
    await pause(random.between(20, this.weather.warmMs));
    if (random.chance(this.weather.notWarm)) throw new RemudaError('engine.start_failed', 'It did not start.');
  }

  readiness(): 'warm' {
    return 'warm';
  }

  async arm(): Promise<void> {
    await pause(1);
  }

  async refresh(): Promise<void> {
    await pause(1);
  }

  async resume(sessionId: string): Promise<void> {
    await pause(1);
    this.#resumes = sessionId;
  }

  async turn(turn: Turn, onEvent: (event: NewEvent) => void, signal: AbortSignalLike): Promise<TurnEnd> {
    const job = turn.requestId ?? turn.prompt;
    const number = this.watch.onTurn(this.worker, job, turn.bridgeToken);
    try {
      const sessionId = this.#takeUp(job);
      if (turn.keepSession)
        onEvent({ type: 'session.started', at: Date.now(), data: { sessionId, model: 'm', tools: [] } });
      const end = await this.#turn(job, number, onEvent, signal);
      if (end.kind !== 'succeeded') return end;
      if (turn.holdSession) this.#held = sessionId;
      return { ...end, lastMessage: 'last' };
    } finally {
      this.watch.onTurnEnd(this.worker, job);
    }
  }

  /** Goes on with the session that is held or resumed, or else with a new one. */
  #takeUp(job: string): string {
    const { memory } = this;
    const known = this.#held ?? this.#resumes;
    if (this.#held === undefined) memory.conversation = known === undefined ? [] : (memory.restored ?? []);
    this.#held = undefined;
    this.#resumes = undefined;
    this.watch.onConversation(this.worker, job, memory.conversation);
    if (memory.conversation.at(-1) !== job) memory.conversation = [...memory.conversation, job];
    return known ?? this.world.ownUuid();
  }

  async endRest(): Promise<Ended> {
    await pause(1);
    return { by: 'interrupt', processesLeft: 0, ms: 1 };
  }

  memoryMb(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async reset(): Promise<void> {
    await pause(this.world.random.between(1, 20));
    this.#held = undefined;
    this.#resumes = undefined;
    if (this.world.random.chance(this.weather.notReset)) throw new RemudaError('engine.crashed', 'No way back.');
  }

  async kill(): Promise<void> {
    await pause(2);
  }

  async #turn(
    job: string,
    number: number,
    onEvent: (event: NewEvent) => void,
    signal: AbortSignalLike,
  ): Promise<TurnEnd> {
    const { random } = this.world;
    const { weather } = this;
    if (random.chance(weather.kills)) weather.deadly.add(job);
    const said = random.between(0, 4);
    for (let i = 1; i <= said; i++) {
      await pauseUnless(signal, random.next() * random.next() * (weather.longestMs / said));
      if (signal.aborted) break;
      onEvent({ type: 'message.text', at: Date.now(), data: { text: `${this.worker} ${number} ${i}` } });
    }
    if (weather.deadly.has(job)) {
      this.watch.onTurnEnd(this.worker, job);
      this.die();
      await new Promise(() => undefined);
    }
    if (random.chance(weather.hangs)) await pauseUnless(signal, Number.POSITIVE_INFINITY);
    if (signal.aborted && random.chance(weather.deaf)) await new Promise(() => undefined);
    if (signal.aborted) {
      await pause(random.between(1, 500));
      return { kind: 'interrupted', result: this.#result(number) };
    }
    if (random.chance(weather.fails))
      return { kind: 'failed', failure: { code: random.pick(failures), message: 'chance' } };
    return {
      kind: 'succeeded',
      result: this.#result(number),
    };
  }

  /** Says whose turn it was. */
  #result(number: number): JobResult {
    return { text: `${this.worker} ${number}`, turns: 1, usage: noUsage, costUsd: 0 };
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function pauseUnless(signal: AbortSignalLike, ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const timer = ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
