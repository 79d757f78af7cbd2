import type { AbortSignalLike, Clock, NewEvent, Turn, TurnEnd } from '@remuda/domain';
import { blocksOf, isIdle, isOwnResult, numberOf, type CliMessage, type CliResult } from './cli-message.js';
import type { EngineLimits, EngineLog } from './options.js';
import { asPrompt } from './prompt.js';
import type { Session } from './session.js';
import { translate } from './translate.js';
import { turnEnd, type Stop } from './turn-end.js';

/** What a turn is carried out with. */
export interface TurnAim {
  readonly session: Session;
  readonly turn: Turn;
  readonly onEvent: (event: NewEvent) => void;
  readonly signal: AbortSignalLike;
  readonly limits: EngineLimits;
  readonly clock: Clock;
  readonly log: EngineLog;
}

/** After a result Claude Code says within a millisecond that it is idle; so long is waited for that, in ms. */
const idleLimitMs = 1_000;

/** Carries out one turn on a process that is set for it. Never rejects. */
export async function runTurn(aim: TurnAim): Promise<TurnEnd> {
  return new TurnRun(aim).run();
}

/** One turn under way: what was seen of it so far, and the first reason to end it. */
class TurnRun {
  #stop: Stop | undefined;
  #result: CliResult | undefined;
  #apiError: string | undefined;
  #lastText = '';
  #sessionId: string | undefined;
  readonly #answers = new Set<string>();
  readonly #openTools = new Set<string>();
  /** Not silent before this time, whatever happens. */
  #quietUntil: number;
  readonly #over = new AbortController();

  constructor(private readonly aim: TurnAim) {
    this.#quietUntil = aim.clock.now();
  }

  async run(): Promise<TurnEnd> {
    const { session, signal } = this.aim;
    const { process } = session;
    const interrupt = (): void => {
      this.#end('interrupted');
    };
    const unlisten = process.listen((message) => {
      this.#take(message);
    });
    const finished = process.next((message) => isOwnResult(message)).catch(() => undefined);
    const idle = process.next((message) => this.#result !== undefined && isIdle(message)).catch(() => undefined);
    signal.addEventListener('abort', interrupt, { once: true });
    process.say(asPrompt(this.aim.turn.prompt));
    if (signal.aborted) interrupt();
    void this.#watchSilence();
    const result = await finished;
    if (result !== undefined) await Promise.race([idle, this.#pause(idleLimitMs)]);
    this.#over.abort();
    unlisten();
    signal.removeEventListener('abort', interrupt);
    const exit = result === undefined ? await process.ended : undefined;
    return this.#conclude(exit);
  }

  #take(message: CliMessage): void {
    this.#quietUntil = Math.max(this.#quietUntil, this.aim.clock.now());
    this.#note(message);
    for (const event of translate(message, { at: this.aim.clock.now(), deltas: this.aim.turn.deltas }))
      this.#tell(event);
    this.#judge(message);
  }

  #note(message: CliMessage): void {
    if (isOwnResult(message)) this.#result = message;
    if (message.type === 'assistant') this.#noteAnswer(message);
    if (message.type === 'user')
      for (const block of blocksOf(message))
        if (block.type === 'tool_result') this.#openTools.delete(block.tool_use_id ?? '');
  }

  #noteAnswer(message: CliMessage): void {
    this.#apiError = message.error;
    if (message.error !== undefined || typeof message.parent_tool_use_id === 'string') return;
    this.#answers.add(message.message?.id ?? '');
    for (const block of blocksOf(message)) {
      if (block.type === 'tool_use') this.#openTools.add(block.id ?? '');
      if (block.type === 'text' && block.text) this.#lastText = block.text;
    }
  }

  /** Each turn begins with an `init`, and so does each that Claude Code begins by itself. */
  #tell(event: NewEvent): void {
    if (event.type === 'session.started') {
      if (this.#sessionId !== undefined) return;
      this.#sessionId = event.data.sessionId;
    }
    this.aim.onEvent(event);
  }

  /** Whether what was just seen is a reason to end the turn. */
  #judge(message: CliMessage): void {
    if (message.subtype === 'api_retry') {
      this.#quietUntil = this.aim.clock.now() + numberOf(message['retry_delay_ms']);
      // Claude Code would go on asking for three minutes.
      if (message.error === 'authentication_failed') this.#end('authentication');
    }
    const { maxTurns } = this.aim.turn;
    const answered = message.type === 'user' && this.#openTools.size === 0;
    if (maxTurns !== undefined && answered && this.#answers.size >= maxTurns) this.#end('turns');
  }

  /** Interrupts the turn, and kills the process when that does not help in time. */
  #end(reason: Stop): void {
    if (this.#stop !== undefined || this.#result !== undefined) return;
    this.#stop = reason;
    const { process } = this.aim.session;
    const { interruptMs } = this.aim.limits;
    process.control({ subtype: 'interrupt' }).catch((error: unknown) => {
      this.aim.log.debug({ err: error }, 'the interrupt was not answered');
    });
    void this.#pause(interruptMs).then((slept) => {
      if (slept) process.kill(`Claude Code did not end its turn within ${String(interruptMs)} ms and was killed.`);
    });
  }

  async #watchSilence(): Promise<void> {
    const { limits, clock } = this.aim;
    for (;;) {
      const waitMs = this.#quietUntil + limits.silenceMs - clock.now();
      if (!(await this.#pause(Math.max(waitMs, 100)))) return;
      const silent = this.#openTools.size === 0 && clock.now() >= this.#quietUntil + limits.silenceMs;
      if (silent) {
        this.#end('silence');
        return;
      }
      if (this.#openTools.size > 0) this.#quietUntil = clock.now();
    }
  }

  /** True after `ms`, false when the turn is over before. */
  #pause(ms: number): Promise<boolean> {
    return this.aim.clock.sleep(ms, this.#over.signal).then(
      () => true,
      () => false,
    );
  }

  #conclude(exit: string | undefined): TurnEnd {
    const { session, turn, clock } = this.aim;
    const end = turnEnd({
      lastLines: session.process.lastLines,
      lastText: this.#lastText,
      answers: this.#answers.size,
      costBeforeUsd: session.costUsd,
      ...(this.#result === undefined ? {} : { result: this.#result }),
      ...(this.#stop === undefined ? {} : { stop: this.#stop }),
      ...(exit === undefined ? {} : { exit }),
      ...(this.#apiError === undefined ? {} : { apiError: this.#apiError }),
      ...(this.#sessionId === undefined ? {} : { sessionId: this.#sessionId }),
      ...(turn.maxTurns === undefined ? {} : { maxTurns: turn.maxTurns }),
      ...(turn.outputSchema === undefined ? {} : { outputSchema: turn.outputSchema }),
    });
    session.costUsd = numberOf(this.#result?.total_cost_usd, session.costUsd);
    if (end.result) {
      const { turns, costUsd, usage } = end.result;
      this.aim.onEvent({ type: 'turn.ended', at: clock.now(), data: { turns, costUsd, usage } });
    }
    return end;
  }
}
