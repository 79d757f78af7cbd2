import {
  laterRung,
  usualIdleTimeoutMs,
  usualLoopAfter,
  type AbortSignalLike,
  type Clock,
  type EndingRung,
  type NewEvent,
  type Turn,
  type TurnEnd,
} from '@remuda/domain';
import { AnswerCount } from './answer-count.js';
import {
  blocksOf,
  isContinuation,
  isIdle,
  isOwnResult,
  numberOf,
  type CliBlock,
  type CliMessage,
  type CliResult,
} from '../stream/cli-message.js';
import { IdleWatch } from './idle-watch.js';
import { climb } from './ladder.js';
import { SaidMeanwhile } from './said-meanwhile.js';
import { LoopWatch, type Loop } from './loop-watch.js';
import type { EngineLimits, EngineLog } from '../options.js';
import { asPrompt } from '../stream/prompt.js';
import { resultTool } from '../result/result-form.js';
import type { TurnSession } from './turn-session.js';
import { translate } from '../stream/translate.js';
import { isEmpty, turnEnd, withWarnings, type Stop } from './turn-end.js';

/** What a turn is carried out with. */
export interface TurnAim {
  readonly session: TurnSession;
  readonly turn: Turn;
  readonly onEvent: (event: NewEvent) => void;
  readonly signal: AbortSignalLike;
  readonly limits: EngineLimits;
  readonly clock: Clock;
  readonly log: EngineLog;
}

/** A turn that is over. */
export interface TurnRan {
  readonly end: TurnEnd;
  /** Where we ended it ourselves: the last rung that was needed, and when it began (monotonic clock, ms). */
  readonly stopped?: { readonly by: EndingRung; readonly since: number };
}

/** Carries out one turn on a process that is set for it. Never rejects. */
export async function runTurn(aim: TurnAim): Promise<TurnRan> {
  return new TurnRun(aim).run();
}

/** What two results have used together. */
function sumOf(before: CliResult['usage'], usage: CliResult['usage']): CliResult['usage'] {
  if (!before) return usage;
  const names = Object.keys({ ...before, ...usage });
  return Object.fromEntries(names.map((name) => [name, numberOf(before[name]) + numberOf(usage?.[name])]));
}

/** One turn under way: what was seen of it so far, and the first reason to end it. */
class TurnRun {
  #stop: Stop | undefined;
  #result: CliResult | undefined;
  #apiError: string | undefined;
  #lastText = '';
  /** The beginning of the last answer, where that was cut off and went on. */
  #cutText = '';
  #sessionId: string | undefined;
  /** Claude Code's id of its last message: the transcript has the same. */
  #lastMessage: string | undefined;
  readonly #answers = new AnswerCount();
  /** The result that the model gave by Claude Code's tool for it, once Claude Code has taken it. */
  #given: { readonly output: unknown } | undefined;
  readonly #results = new Map<string, unknown>();
  readonly #openTools = new Set<string>();
  readonly #idle: IdleWatch;
  readonly #idleTimeoutMs: number;
  readonly #loops: LoopWatch;
  #loop: Loop | undefined;
  #stopped: { by: EndingRung; readonly since: number } | undefined;
  readonly #warnings: string[] = [];
  readonly #said: SaidMeanwhile;
  /** Of results before the last one: what was used. */
  #usedBefore: CliResult['usage'];
  readonly #over = new AbortController();

  constructor(private readonly aim: TurnAim) {
    const { idleTimeoutMs = usualIdleTimeoutMs, loopAfter = usualLoopAfter } = aim.turn;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#idle = new IdleWatch(aim.clock, idleTimeoutMs);
    this.#loops = new LoopWatch(loopAfter);
    const { turn, clock, session, onEvent } = aim;
    this.#said = new SaidMeanwhile({ process: session.process, turn, clock, onEvent });
  }

  async run(): Promise<TurnRan> {
    const { session, signal } = this.aim;
    const { process } = session;
    const interrupt = (): void => {
      this.#end('interrupted');
    };
    const unlisten = process.listen((message) => {
      this.#take(message);
    });
    const finished = process
      .next((message) => isOwnResult(message) && this.#result !== undefined)
      .catch(() => undefined);
    const idle = process.next((message) => this.#result !== undefined && isIdle(message)).catch(() => undefined);
    signal.addEventListener('abort', interrupt, { once: true });
    process.say(...asPrompt(this.aim.turn.prompt));
    this.#said.hear();
    if (signal.aborted) interrupt();
    void this.#endWhenIdle();
    const result = await finished;
    if (result !== undefined) await this.#rest(idle);
    this.#over.abort();
    this.#said.close();
    unlisten();
    signal.removeEventListener('abort', interrupt);
    const exit = result === undefined ? await process.ended : undefined;
    return { end: this.#conclude(exit), ...(this.#stopped ? { stopped: this.#stopped } : {}) };
  }

  /** Waits until Claude Code is idle after its result; one that lingers is good for nothing more, but its result stands. */
  async #rest(idle: Promise<unknown>): Promise<void> {
    const { restMs } = this.aim.limits;
    const lingers = await Promise.race([idle.then(() => false), this.#pause(restMs)]);
    if (!lingers) return;
    if (this.#stopped) this.#stopped.by = 'kill';
    this.#warn(`Claude Code was still busy ${String(restMs)} ms after its result and was killed.`);
    this.aim.session.process.kill('Claude Code did not exit after its result and was killed.');
    await this.aim.session.process.ended;
  }

  async #endWhenIdle(): Promise<void> {
    if (await this.#idle.idle((ms) => this.#pause(ms))) this.#end('idle');
  }

  #warn(message: string): void {
    this.#warnings.push(message);
    this.aim.onEvent({ type: 'attempt.warned', at: this.aim.clock.now(), data: { message } });
  }

  #take(message: CliMessage): void {
    this.#idle.see(message);
    if (this.#said.see(message)) return;
    this.#note(message);
    for (const event of translate(message, { at: this.aim.clock.now(), deltas: this.aim.turn.deltas }))
      this.#tell(event);
    this.#judge(message);
  }

  #note(message: CliMessage): void {
    if (isOwnResult(message)) this.#noteResult(message);
    this.#answers.see(message);
    if (message.type === 'assistant') this.#noteAnswer(message);
    if (isContinuation(message)) this.#noteCut();
    else if (message.type === 'user')
      for (const block of blocksOf(message)) if (block.type === 'tool_result') this.#noteReturn(block);
  }

  /** A good result is not the last one if Claude Code has still something to read. */
  #noteResult(result: CliResult): void {
    const goesOn = this.#said.isUnread && this.#stop === undefined && result.subtype === 'success' && !result.is_error;
    const usage = sumOf(this.#usedBefore, result.usage);
    if (goesOn) {
      this.#usedBefore = usage;
      return;
    }
    this.#result = usage ? { ...result, usage } : result;
    this.#said.close();
  }

  #noteCut(): void {
    this.#cutText += this.#lastText;
    this.#lastText = '';
  }

  #noteReturn({ tool_use_id: id = '', is_error }: CliBlock): void {
    this.#openTools.delete(id);
    this.#cutText = '';
    if (is_error !== true && this.#results.has(id)) this.#given = { output: this.#results.get(id) };
  }

  #noteAnswer(message: CliMessage): void {
    this.#apiError = message.error;
    if (message.error !== undefined || typeof message.parent_tool_use_id === 'string') return;
    const { uuid } = message;
    this.#lastMessage = typeof uuid === 'string' ? uuid : undefined;
    for (const block of blocksOf(message)) {
      if (block.type === 'tool_use') this.#openTools.add(block.id ?? '');
      if (block.type === 'tool_use' && block.name === resultTool) this.#results.set(block.id ?? '', block.input);
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
    // Claude Code would go on asking for three minutes.
    if (message.subtype === 'api_retry' && message.error === 'authentication_failed') this.#end('authentication');
    if (message.type === 'assistant' && message.error === undefined) this.#judgeCalls(message);
    const { maxTurns } = this.aim.turn;
    const answered = message.type === 'user' && !isContinuation(message) && this.#openTools.size === 0;
    // who has given the result is about to end by itself
    const most = maxTurns === undefined ? Infinity : maxTurns + (this.#given ? 1 : 0);
    if (answered && this.#answers.count >= most) this.#end('turns');
  }

  /** Tells of tool calls that go in circles, and ends the turn where that is wanted. */
  #judgeCalls(message: CliMessage): void {
    const caller = message.parent_tool_use_id ?? '';
    for (const { type, name = '', input } of blocksOf(message)) {
      const loop = type === 'tool_use' ? this.#loops.see({ caller, tool: name, input }) : undefined;
      if (loop === undefined) continue;
      this.#tell({ type: 'attempt.looping', at: this.aim.clock.now(), data: loop });
      this.#loop ??= loop;
      if (this.aim.turn.onLoop === 'stop') this.#end('looping');
    }
  }

  /** Ends the turn, rung by rung. */
  #end(reason: Stop): void {
    if (this.#stop !== undefined || this.#result !== undefined) return;
    this.#stop = reason;
    const stopped = { by: 'interrupt' as EndingRung, since: this.aim.clock.monotonic() };
    this.#stopped = stopped;
    const { session, limits, log } = this.aim;
    const onRung = (rung: EndingRung): void => {
      stopped.by = laterRung(stopped.by, rung);
    };
    void climb({ process: session.process, limits, log, pause: (ms) => this.#pause(ms), onRung });
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
      cutText: this.#cutText,
      answers: this.#answers.count,
      costBeforeUsd: session.costUsd,
      ...(this.#result === undefined ? {} : { result: this.#result }),
      ...(this.#stop === undefined ? {} : { stop: this.#stop }),
      ...(exit === undefined ? {} : { exit, endCode: session.process.endCode }),
      ...(this.#apiError === undefined ? {} : { apiError: this.#apiError }),
      ...(this.#sessionId === undefined ? {} : { sessionId: this.#sessionId }),
      ...(turn.maxTurns === undefined ? {} : { maxTurns: turn.maxTurns }),
      ...(session.form ? { form: session.form } : {}),
      ...(this.#given ? { given: this.#given } : {}),
      ...(this.#loop ? { loop: this.#loop } : {}),
      idleTimeoutMs: this.#idleTimeoutMs,
    });
    session.costUsd = numberOf(this.#result?.total_cost_usd, session.costUsd);
    if (end.kind === 'succeeded' && isEmpty(end.result)) this.#warn('The model ended its turn with an empty answer.');
    if (end.result) {
      const { turns, costUsd, usage } = end.result;
      this.aim.onEvent({ type: 'turn.ended', at: clock.now(), data: { turns, costUsd, usage } });
    }
    const known = withWarnings(end, this.#warnings);
    const { kind } = known;
    return kind === 'succeeded' && this.#lastMessage !== undefined
      ? { ...known, lastMessage: this.#lastMessage }
      : known;
  }
}
