import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Block } from './answer.js';
import type { Step } from './script.js';

/** Where an answer goes: `signal` aborts when the client has gone. */
export interface Sink {
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

/** Streams an answer as server-sent events, with the step's pace and faults. Rejects with an AbortError when the client goes. */
export async function streamAnswer(sink: Sink, answer: Answer, step: Step): Promise<void> {
  send(sink, 'message_start', { message: opening(answer) });
  if (step.drop) return dropAfterFirstWords(sink);
  let stallMs = step.stallMs ?? 0;
  for (const [index, block] of answer.content.entries()) {
    send(sink, 'content_block_start', { index, content_block: emptied(block) });
    for (const delta of deltasOf(block)) {
      const stamped = step.stamped === true && block.type === 'text';
      send(sink, 'content_block_delta', { index, delta: stamped ? stampedDelta() : delta });
      if (block.type !== 'text') continue;
      if (step.chunkMs) await sleep(step.chunkMs, undefined, { signal: sink.signal });
      if (stallMs > 0) await sleep(stallMs, undefined, { signal: sink.signal });
      stallMs = 0;
    }
    send(sink, 'content_block_stop', { index });
  }
  if (step.streamError) send(sink, 'error', { error: step.streamError });
  else close(sink, answer);
  sink.response.end();
}

function opening(answer: Answer): unknown {
  const usage = { ...answer.usage, output_tokens: 1 };
  const { id, model } = answer;
  return { id, type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null, usage };
}

function close(sink: Sink, answer: Answer): void {
  const delta = { stop_reason: answer.stopReason, stop_sequence: null };
  send(sink, 'message_delta', { delta, usage: { output_tokens: answer.usage.output_tokens } });
  send(sink, 'message_stop', {});
}

/** A cut that comes in the same packet as the headers would look like a refused connection. */
async function dropAfterFirstWords(sink: Sink): Promise<void> {
  await sleep(50, undefined, { signal: sink.signal });
  sink.response.destroy();
}

function emptied(block: Block): unknown {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: '' };
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'tool_use':
      return { ...block, input: {} };
  }
}

function deltasOf(block: Block): readonly unknown[] {
  switch (block.type) {
    case 'text':
      return (block.text.match(/\S+\s*|\s+/g) ?? ['']).map((text) => ({ type: 'text_delta', text }));
    case 'thinking':
      return [
        { type: 'thinking_delta', thinking: block.thinking },
        { type: 'signature_delta', signature: block.signature },
      ];
    case 'tool_use':
      return [{ type: 'input_json_delta', partial_json: JSON.stringify(block.input) }];
  }
}

function stampedDelta(): unknown {
  return { type: 'text_delta', text: `${(performance.timeOrigin + performance.now()).toFixed(2)} ` };
}

function send({ response }: Sink, type: string, data: object): void {
  response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
}
