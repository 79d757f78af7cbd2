import { blocksOf, isContinuation, type CliMessage } from '../stream/cli-message.js';

/**
 * Counts the model's answers to the agent itself, by the order of messages: an upstream may repeat or omit message ids.
 * A stream that broke off and was restarted, or continued, is one answer.
 */
export class AnswerCount {
  #count = 0;
  /** Whether the current answer is counted. */
  #counted = false;
  /** Whether it has any content yet. */
  #said = false;
  #streaming = false;
  /** Whether the previous answer was counted. */
  #before = false;

  get count(): number {
    return this.#count;
  }

  /** Takes the messages in order. */
  see(message: CliMessage): void {
    if (typeof message.parent_tool_use_id === 'string') return;
    if (isContinuation(message)) this.#goOn();
    else if (message.type === 'stream_event') this.#seeStream(message.event?.type);
    else if (message.type === 'assistant' && message.error === undefined) this.#seeAnswer(message);
    else if (message.type === 'user' && !this.#streaming) this.#end();
  }

  #seeStream(type: string | undefined): void {
    if (type === 'message_stop') {
      this.#streaming = false;
      this.#end();
    } else if (type === 'message_start') {
      if (this.#said) this.#end();
      this.#streaming = true;
    }
  }

  #seeAnswer(message: CliMessage): void {
    if (blocksOf(message).length === 0) return;
    if (!this.#counted) this.#count++;
    this.#counted = true;
    this.#said = true;
  }

  #goOn(): void {
    if (this.#streaming) this.#end();
    this.#streaming = false;
    this.#counted ||= this.#before;
    this.#said = false;
  }

  #end(): void {
    this.#before = this.#counted;
    this.#counted = false;
    this.#said = false;
  }
}
