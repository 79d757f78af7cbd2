/** A tool that the answer calls. */
export interface StepTool {
  readonly name: string;
  readonly input?: Readonly<Record<string, unknown>>;
  /** Default: one made from the request's number. */
  readonly id?: string;
}

/** An API error that is answered instead of a message. */
export interface StepError {
  readonly status: number;
  /** Default `api_error`. */
  readonly type?: string;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Tokens in the API's own words. */
export interface TokenUsage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
  /** What the vendor's side carried out. */
  readonly server_tool_use?: Readonly<Record<string, number>>;
}

/** What one request is answered with. All parts are optional; an empty step is an empty text. */
export interface Step {
  /** Text, streamed word by word. */
  readonly text?: string;
  /** A thinking block before the text. */
  readonly thinking?: string;
  /** Tool calls after the text; the next step answers once their results came back. */
  readonly tools?: readonly StepTool[];
  /** Id of the message. Default: one made from the request's number. */
  readonly messageId?: string;
  /** Answers with this API error and nothing else. */
  readonly error?: StepError;
  /** An SSE `error` event in the place of the stream's end. */
  readonly streamError?: { readonly type: string; readonly message: string };
  /** Cuts the connection after the stream has begun. Has no effect on an answer that is not streamed. */
  readonly drop?: boolean;
  /** Says nothing at all for so long, then goes on with the step. */
  readonly hangMs?: number;
  /** Falls silent for so long after the first word. */
  readonly stallMs?: number;
  /** Waits before the answer begins. */
  readonly delayMs?: number;
  /** Waits between words. */
  readonly chunkMs?: number;
  /** In a streamed answer, each word of the text is replaced by the moment it is sent: epoch ms with fractions. */
  readonly stamped?: boolean;
  /** Default `tool_use` with tools, else `end_turn`. */
  readonly stopReason?: string;
  readonly usage?: Partial<TokenUsage>;
  /** Response headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** In `queue` only: so many requests are answered with this step. Default 1. */
  readonly times?: number;
}

/** The part of a Messages API request that decides the answer. */
export interface MessagesBody {
  readonly model: string;
  readonly stream?: boolean;
  readonly max_tokens?: number;
  readonly tools?: readonly unknown[];
  readonly messages: readonly ApiMessage[];
  readonly system?: unknown;
}

/** One message of the conversation. */
export interface ApiMessage {
  readonly role: string;
  readonly content: string | readonly { readonly type: string; readonly text?: string }[];
}

const mark = 'SCRIPT:';

/** Writes steps as the directive that a prompt carries. */
export function script(...steps: readonly Step[]): string {
  return mark + JSON.stringify(steps);
}

/** Whether the request is the agent's own turn; those without tools are for titles, summaries and the like. */
export function isMain(body: MessagesBody): boolean {
  return (body.tools?.length ?? 0) > 0;
}

/** The text of a message, without its tool results and images. */
export function textOf(message: ApiMessage): string {
  if (typeof message.content === 'string') return message.content;
  return message.content.flatMap((block) => (block.type === 'text' ? [block.text ?? ''] : [])).join('\n');
}

/**
 * Decides which step answers a request: of the last user text with a directive, the step whose number is the count of
 * assistant messages since; the last one again when they are used up. Needs no memory, so sessions don't meet.
 */
export function chooseStep(body: MessagesBody, fallback: readonly Step[]): Step {
  if (!isMain(body)) return { text: 'auxiliary answer' };
  const messages = body.messages;
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    const steps = message?.role === 'user' ? readDirective(textOf(message)) : undefined;
    if (steps) return stepAt(steps, answersSince(messages, i));
  }
  if (fallback.length > 0) return stepAt(fallback, answersSince(messages, lastPrompt(messages)));
  const prompt = messages[lastPrompt(messages)];
  return { text: `ok: ${prompt ? lastText(prompt).trim().slice(-200) : ''}` };
}

function stepAt(steps: readonly Step[], index: number): Step {
  return steps[Math.min(index, steps.length - 1)] ?? { text: 'ok: an empty script' };
}

/** What the agent puts in itself where a session was cut off is no answer of the model. */
const filler = 'No response requested.';

function answersSince(messages: readonly ApiMessage[], index: number): number {
  return messages.slice(index + 1).filter((message) => message.role === 'assistant' && textOf(message) !== filler)
    .length;
}

/** The last user message that says something itself; one of tool results only is not a prompt. */
function lastPrompt(messages: readonly ApiMessage[]): number {
  return messages.findLastIndex(
    (message) => message.role === 'user' && !isToolResult(message) && textOf(message).trim() !== '',
  );
}

function isToolResult(message: ApiMessage): boolean {
  return typeof message.content !== 'string' && message.content.some((block) => block.type === 'tool_result');
}

/** Reminders of the agent come in blocks before the prompt's own. */
function lastText(message: ApiMessage): string {
  if (typeof message.content === 'string') return message.content;
  return message.content.findLast((block) => block.type === 'text' && block.text?.trim())?.text ?? '';
}

/** The steps after the last `SCRIPT:` of a text; undefined where there is none or it is no JSON array. */
export function readDirective(text: string): readonly Step[] | undefined {
  const start = text.lastIndexOf(`${mark}[`);
  if (start < 0) return undefined;
  const json = text.slice(start + mark.length);
  const end = arrayEnd(json);
  if (end === undefined) return undefined;
  try {
    return JSON.parse(json.slice(0, end)) as readonly Step[];
  } catch {
    return undefined;
  }
}

/** Where the JSON array at the text's beginning ends. */
function arrayEnd(json: string): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (quoted) {
      if (c === '\\') i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '[') depth++;
    else if (c === ']' && --depth === 0) return i + 1;
  }
  return undefined;
}
