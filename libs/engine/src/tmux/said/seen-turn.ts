import { isRecord } from '@remuda/protocol';
import { blocksOf, numberOf, type CliMessage, type CliResult } from '../../stream/cli-message.js';

const counted = ['input_tokens', 'output_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'] as const;

/** What the transcript and the hooks have shown of a turn so far. */
export class SeenTurn {
  /** Whether Claude Code has taken the prompt. */
  submitted = false;
  /** Whether the hook for prompts has told of it. */
  noted = false;
  /** Whether its beginning was told of. */
  told = false;
  /** The call of the Stop hook, or of that for failures, once it came. */
  stop: { readonly failed: boolean; readonly text: string | undefined } | undefined;
  /** Whether Claude Code has noted that its Stop hooks have ended: everything of the turn is before that. */
  hooksEnded = false;
  interrupted = false;
  /** How often the answer had to be asked for again because it did not fit its schema. */
  corrections = 0;
  /** Calls that nobody was there to permit. */
  readonly denied: { readonly tool_name?: string; readonly tool_use_id?: string }[] = [];
  #lastText = '';
  #status: number | null = null;
  #stopReason: string | null = null;
  readonly #usage = new Map<string, Readonly<Record<string, unknown>>>();

  constructor(readonly prompt: string) {}

  /** Takes an entry of the model, in order. */
  see(message: CliMessage): void {
    if (message.type !== 'assistant' || typeof message.parent_tool_use_id === 'string') return;
    const { id = '', usage, stop_reason } = (message.message ?? {}) as Record<string, unknown> & { id?: string };
    if (isRecord(usage)) this.#usage.set(id, usage);
    if (typeof stop_reason === 'string') this.#stopReason = stop_reason;
    const status = message['apiErrorStatus'];
    if (typeof status === 'number') this.#status = status;
    for (const { type, text } of blocksOf(message)) if (type === 'text' && text) this.#lastText = text;
  }

  /** The last text in the transcript. */
  get lastText(): string {
    return this.#lastText;
  }

  /** Another prompt of the same turn is given. */
  askAgain(): void {
    this.submitted = false;
    this.noted = false;
  }

  /** Whether everything of a turn is there that a hook has ended. Of the hook for failures Claude Code notes no end. */
  get isThrough(): boolean {
    const { stop } = this;
    if (!this.noted) return false;
    if (this.hooksEnded || !stop?.failed) return this.hooksEnded;
    return stop.text === undefined || stop.text.trim() === this.#lastText.trim();
  }

  /** The turn's result, in the words of stream-json. The cost is counted by the bridge. */
  result(structured?: unknown): CliResult {
    const text = this.stop?.text ?? this.#lastText;
    const shared = { type: 'result', usage: this.#sum(), total_cost_usd: 0, permission_denials: this.denied };
    if (this.interrupted)
      return {
        ...shared,
        subtype: 'error_during_execution',
        is_error: true,
        errors: ['The turn was interrupted in its terminal.'],
      };
    if (this.stop?.failed)
      return { ...shared, subtype: 'success', is_error: true, result: text, api_error_status: this.#status };
    const output = structured === undefined ? {} : { structured_output: structured };
    return { ...shared, subtype: 'success', is_error: false, result: text, stop_reason: this.#stopReason, ...output };
  }

  #sum(): Record<string, number> {
    const each = [...this.#usage.values()];
    return Object.fromEntries(counted.map((name) => [name, each.reduce((sum, one) => sum + numberOf(one[name]), 0)]));
  }
}
