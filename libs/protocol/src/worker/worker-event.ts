import { restartReasons, type EventData, type EventType, type NewEvent } from '@remuda/domain';
import { readEgressRefused } from '../bridge/egress.js';
import { isRecord } from '../reader/json.js';
import { readEnded, readGitSummary, readUsage } from './outcome.js';
import {
  count,
  flag,
  json,
  list,
  oneOf,
  optional,
  shape,
  span,
  text,
  time,
  upTo,
  type Reader,
} from '../reader/shape.js';

/** Events that a worker may report; only the relay and the scheduler may write the others. */
type WorkerEventType = Exclude<EventType, `job.${string}` | `stream.${string}`>;

const readers: { readonly [T in WorkerEventType]: Reader<EventData[T]> } = {
  'attempt.resumed': shape({ sessionId: text, snapshotAt: time, bytes: count }),
  'attempt.restarted': shape({ reason: oneOf(restartReasons), message: optional(text) }),
  'attempt.warned': shape({ message: text }),
  'attempt.looping': shape({ tool: text, count }),
  'attempt.ended': readEnded,
  'workspace.prepared': shape({
    kind: oneOf(['empty', 'git', 'upload', 'snapshot']),
    ms: span,
    commit: optional(text),
  }),
  'prepare.started': shape({ script: text }),
  'prepare.ended': shape({ ok: flag, ms: span, output: text }),
  'workspace.collected': shape({ git: readGitSummary, patchBytes: count }),
  'workspace.pushed': shape({ branch: text, commit: text, url: text, pullRequest: optional(text) }),
  'session.started': shape({ sessionId: text, model: text, tools: list(text), version: optional(text) }),
  'message.delta': shape({ text }),
  'message.text': shape({ text }),
  'message.thinking': shape({ text }),
  'tool.called': shape({ id: text, name: text, input: json }),
  'tool.returned': shape({ id: text, ok: flag, output: text, truncated: optional(flag) }),
  'tool.denied': shape({ id: text, name: text }),
  'egress.refused': readEgressRefused,
  'model.retried': shape({ attempt: count, delayMs: span, status: optional(count), error: text }),
  'turn.steered': shape({ id: text, text }),
  'turn.ended': shape({ turns: count, costUsd: upTo(1e9), usage: readUsage }),
};

/** Reads a worker's event into a fresh one; undefined for anything else. */
export function readWorkerEvent(value: unknown): NewEvent | undefined {
  if (!isRecord(value)) return undefined;
  const { type } = value;
  if (typeof type !== 'string' || !Object.hasOwn(readers, type)) return undefined;
  const at = time(value['at']);
  const data = readers[type as WorkerEventType](value['data']);
  return at === undefined || data === undefined ? undefined : ({ type, at, data } as NewEvent);
}
