import { egressRefusals, endingRungs, isOver, jobStates } from '@remuda/domain';
import type { EventData, EventType } from '@remuda/domain';

/** A schema of OpenAPI 3.1, as far as events need it. */
export type FieldSchema = Readonly<Record<string, unknown>>;

/** An optional field. */
export interface OptionalField {
  readonly optional: FieldSchema;
}

/** The schema of each field of an event's data: the compiler requires all of them, and whether each is optional. */
type Fields<D> = {
  readonly [K in keyof D]-?: object extends Pick<D, K> ? OptionalField : FieldSchema;
};

const text = { type: 'string' };
const whole = { type: 'integer' };
const flag = { type: 'boolean' };
const dollars = { type: 'number', description: 'US dollars.' };
const epochMs = { type: 'integer', description: 'Epoch ms.' };
const anything = { description: 'Any JSON.' };
const maybe = (optional: FieldSchema): OptionalField => ({ optional });
const ref = (name: string): FieldSchema => ({ $ref: `#/components/schemas/${name}` });
const oneOf = (words: readonly string[]): FieldSchema => ({ type: 'string', enum: [...words] });

const restartReasons: Readonly<Record<EventData['attempt.restarted']['reason'], true>> = {
  ...{ asked: true, failure: true, no_snapshot: true, no_progress: true, unavailable: true, broken: true },
  refused: true,
};

/** The data of each event. */
export const eventFields: { readonly [T in EventType]: Fields<EventData[T]> } = {
  'job.queued': { profile: text, priority: whole, runAt: maybe(epochMs) },
  'job.assigned': { worker: text, start: ref('Start') },
  'job.cancel_requested': { reason: text },
  'job.requeued': { failure: ref('Failure'), counted: flag, wakeAt: maybe(epochMs) },
  'job.redriven': { attempts: whole },
  'job.over': {
    state: oneOf(jobStates.filter(isOver)),
    failure: maybe(ref('Failure')),
    costUsd: maybe(dollars),
    turns: maybe(whole),
    usage: maybe(ref('Usage')),
  },
  'attempt.resumed': { sessionId: text, snapshotAt: epochMs, bytes: whole },
  'attempt.restarted': { reason: oneOf(Object.keys(restartReasons)), message: maybe(text) },
  'attempt.warned': { message: text },
  'attempt.looping': { tool: text, count: whole },
  'attempt.ended': { by: oneOf(endingRungs), processesLeft: whole, ms: whole },
  'workspace.prepared': { kind: oneOf(['empty', 'git', 'upload', 'snapshot']), ms: whole, commit: maybe(text) },
  'prepare.started': { script: text },
  'prepare.ended': { ok: flag, ms: whole, output: text },
  'workspace.collected': { git: ref('GitSummary'), patchBytes: whole },
  'workspace.pushed': { branch: text, commit: text, url: text, pullRequest: maybe(text) },
  'session.started': { sessionId: text, model: text, tools: { type: 'array', items: text }, version: maybe(text) },
  'turn.steered': { id: text, text },
  'message.delta': { text },
  'message.text': { text },
  'message.thinking': { text },
  'tool.called': { id: text, name: text, input: anything },
  'tool.returned': { id: text, ok: flag, output: text, truncated: maybe(flag) },
  'tool.denied': { id: text, name: text },
  'egress.refused': { host: text, port: whole, reason: oneOf(egressRefusals) },
  'model.retried': { attempt: whole, delayMs: whole, status: maybe(whole), error: text },
  'turn.ended': { turns: whole, costUsd: dollars, usage: ref('Usage') },
  'stream.gap': { firstHeld: whole, missed: whole, reports: maybe(whole) },
};
