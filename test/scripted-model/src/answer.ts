import type { Step, TokenUsage } from './script.js';

/** A content block of an answer. */
export type Block =
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: unknown };

/** A step as the Messages API would say it. */
export interface Answer {
  readonly id: string;
  readonly model: string;
  readonly content: readonly Block[];
  readonly stopReason: string;
  readonly usage: TokenUsage;
}

const signature = Buffer.from('scripted').toString('base64');
const fewTokens: TokenUsage = {
  input_tokens: 10,
  output_tokens: 5,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
};

/**
 * Puts a step in the API's words; `name` names its message and tool calls, and has to be new each time: Claude Code leaves a
 * message out of its transcript when one of that id is there.
 */
export function answerOf(step: Step, name: string, model: string): Answer {
  const content: Block[] = [];
  if (step.thinking !== undefined) content.push({ type: 'thinking', thinking: step.thinking, signature });
  if (step.text !== undefined) content.push({ type: 'text', text: step.text });
  for (const [i, tool] of (step.tools ?? []).entries())
    content.push({
      type: 'tool_use',
      id: tool.id ?? `toolu_${name}_${String(i)}`,
      name: tool.name,
      input: tool.input ?? {},
    });
  return {
    id: step.messageId ?? `msg_${name}`,
    model,
    content,
    stopReason: step.stopReason ?? (step.tools?.length ? 'tool_use' : 'end_turn'),
    usage: { ...fewTokens, ...step.usage },
  };
}

/** The whole answer as one JSON body. */
export function messageOf(answer: Answer): unknown {
  const { id, model, content, usage } = answer;
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: answer.stopReason,
    stop_sequence: null,
    usage,
  };
}
