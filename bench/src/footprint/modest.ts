import { setTimeout as sleep } from 'node:timers/promises';
import { isRecord } from '@remuda/protocol';
import { noUsage, type NewEvent, type TurnEnd } from '@remuda/domain';

/** Rounds of a modest job: Claude Code says something, calls a tool, and reads what it returns. */
const rounds = 15;
/** Longer than a worker waits for more to say, in ms: each part of a round is an entry of its own, as with a real model. */
const gapMs = 120;
const words = 'the quick brown fox jumps over the lazy dog and runs on ';
const textOf = (length: number): string => words.repeat(Math.ceil(length / words.length)).slice(0, length);

/** The prompt that asks for a modest job: 1,000 characters. */
export const modestPrompt = JSON.stringify({ modest: textOf(980) });

/** Whether a prompt, parsed, asks for one. */
export const isModest = (asked: unknown): boolean => isRecord(asked) && 'modest' in asked;

/** Says what a modest job says: 15 rounds with 200 characters of text, a call of 150, and 600 that come back; 1,000 in the end. */
export async function beModest(onEvent: (event: NewEvent) => void): Promise<TurnEnd> {
  const at = (): number => Date.now();
  onEvent({ type: 'session.started', at: at(), data: { sessionId: 's', model: 'claude-sonnet-4-5', tools: ['Bash'] } });
  for (let round = 1; round <= rounds; round++) {
    const id = `toolu_${String(round).padStart(24, '0')}`;
    onEvent({ type: 'message.text', at: at(), data: { text: textOf(200) } });
    onEvent({ type: 'tool.called', at: at(), data: { id, name: 'Bash', input: { command: textOf(150) } } });
    await sleep(gapMs);
    onEvent({ type: 'tool.returned', at: at(), data: { id, ok: true, output: textOf(600) } });
    await sleep(gapMs);
  }
  const text = textOf(1_000);
  onEvent({ type: 'message.text', at: at(), data: { text } });
  onEvent({ type: 'turn.ended', at: at(), data: { turns: rounds, costUsd: 0.05, usage: noUsage } });
  return { kind: 'succeeded', result: { text, turns: rounds, usage: noUsage, costUsd: 0.05 } };
}
