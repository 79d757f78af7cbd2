import type { Clock, FailureCode } from '@remuda/domain';
import { RemudaError } from '@remuda/domain';
import type { ResultForm } from '../../result/result-form.js';
import type { CliMessage } from '../../stream/cli-message.js';
import { structuredOf } from './answer-form.js';
import { SeenTurn } from './seen-turn.js';
import { isInterruption, isStopSummary, messageOf, type HookCall } from './transcript.js';

/** What a dialogue is told, and whom it tells. */
export interface DialogueParts {
  readonly clock: Clock;
  readonly model: string;
  readonly form: ResultForm | undefined;
  /** From a turn's end until its transcript is complete, in ms. */
  readonly restMs: number;
  /** Gives Claude Code another prompt within the turn. */
  readonly ask: (prompt: string) => void;
  /** Told when a prompt was taken, or needs to be no more. */
  readonly onTaken: () => void;
  /** Told when a turn has ended by itself. */
  readonly onStop: (stop: { readonly failed: boolean; readonly text: string }) => void;
}

/** How often an answer that does not fit its schema is asked for again. */
const maxCorrections = 4;

/**
 * What is said in a terminal: entries of the transcript and calls of hooks come in, messages in the words of stream-json go
 * out. One turn at a time.
 */
export class Dialogue {
  version: string | undefined;
  sessionId: string;
  #turn: SeenTurn | undefined;
  readonly #listeners = new Set<(message: CliMessage) => void>();

  constructor(
    sessionId: string,
    private readonly parts: DialogueParts,
  ) {
    this.sessionId = sessionId;
  }

  /** The turn under way. */
  get turn(): SeenTurn | undefined {
    return this.#turn;
  }

  /** Begins a turn. */
  begin(prompt: string): SeenTurn {
    return (this.#turn = new SeenTurn(prompt));
  }

  listen(listener: (message: CliMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The first matching message; rejects with the code if the process ends first. */
  async next(
    fits: (message: CliMessage) => boolean,
    { ended, endCode }: { readonly ended: Promise<string>; readonly endCode: FailureCode },
  ): Promise<CliMessage> {
    let stop: (() => void) | undefined;
    const found = new Promise<CliMessage>((resolve) => {
      stop = this.listen((message) => {
        if (fits(message)) resolve(message);
      });
    });
    const first = await Promise.race([found, ended]);
    stop?.();
    if (typeof first === 'string') throw new RemudaError(endCode, first);
    return first;
  }

  /** Takes a call of a hook. */
  hear({ kind, input }: HookCall): void {
    const turn = this.#turn;
    if (turn === undefined || kind === 'start') return;
    if (kind === 'submit') this.#noted(turn);
    else if (kind === 'asked') turn.denied.push(deniedOf(input));
    else {
      const text = input['last_assistant_message'];
      this.#stopped(turn, { failed: kind === 'failed', text: typeof text === 'string' ? text : undefined });
    }
  }

  /** Takes an entry of the transcript, in order. */
  read(entry: CliMessage): void {
    if (typeof entry['version'] === 'string') this.version = entry['version'];
    const turn = this.#turn;
    if (turn === undefined) return;
    if (entry.type === 'user' || entry.type === 'assistant') this.#tellStart(turn);
    const message = messageOf(entry);
    if (message) {
      this.#submitted(turn);
      turn.see(message);
      this.#tell(message);
    }
    turn.interrupted ||= isInterruption(entry);
    turn.hooksEnded ||= isStopSummary(entry);
    if (turn.interrupted || (turn.stop && turn.isThrough)) this.#over(turn);
  }

  /** The turn has ended as its last entry says: no hook will. */
  endByTranscript(failed: boolean): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    turn.stop = { failed, text: undefined };
    this.#over(turn);
  }

  /**
   * A hook has said that the turn has ended, and is about to end itself: the turn is over once Claude Code notes that its
   * hooks have ended. What still runs then is the job's.
   */
  #stopped(turn: SeenTurn, stop: NonNullable<SeenTurn['stop']>): void {
    turn.stop = stop;
    if (turn.isThrough) this.#over(turn);
    else void this.parts.clock.sleep(this.parts.restMs).then(() => (turn.stop === stop ? this.#over(turn) : undefined));
  }

  /** Claude Code does not wait for this hook: it may come late, but a turn is not over before. */
  #noted(turn: SeenTurn): void {
    turn.noted = true;
    this.#submitted(turn);
    if (turn.stop && turn.isThrough) this.#over(turn);
  }

  #submitted(turn: SeenTurn): void {
    if (turn.submitted) return;
    turn.submitted = true;
    this.parts.onTaken();
  }

  /** The prompt's own entry is the first of a turn. */
  #tellStart(turn: SeenTurn): void {
    if (turn.told) return;
    turn.told = true;
    const named = this.version === undefined ? {} : { claude_code_version: this.version };
    const { model } = this.parts;
    this.#tell({ type: 'system', subtype: 'init', session_id: this.sessionId, model, tools: [], ...named });
  }

  /** The turn has ended, unless its answer has to be asked for again. */
  #over(turn: SeenTurn): void {
    if (this.#turn !== turn) return;
    const { form, ask, onTaken, onStop } = this.parts;
    const wants = form !== undefined && !turn.interrupted && turn.stop?.failed !== true;
    const given = wants ? structuredOf(form, turn.stop?.text ?? turn.lastText) : undefined;
    if (given?.fault !== undefined && turn.corrections++ < maxCorrections) {
      turn.stop = undefined;
      turn.hooksEnded = false;
      turn.askAgain();
      ask(given.fault);
      return;
    }
    this.#turn = undefined;
    onTaken();
    if (turn.stop) onStop({ failed: turn.stop.failed, text: turn.stop.text ?? turn.lastText });
    this.#tell(turn.result(given?.output));
    this.#tell({ type: 'system', subtype: 'session_state_changed', state: 'idle' });
  }

  #tell(message: CliMessage): void {
    for (const listener of this.#listeners) listener(message);
  }
}

function deniedOf(input: Readonly<Record<string, unknown>>): { tool_name?: string; tool_use_id?: string } {
  const { tool_name, tool_use_id } = input;
  return {
    ...(typeof tool_name === 'string' ? { tool_name } : {}),
    ...(typeof tool_use_id === 'string' ? { tool_use_id } : {}),
  };
}
