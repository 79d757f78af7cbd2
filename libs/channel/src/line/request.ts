import { RemudaError, type Assignment, type Control, type JobSpec } from '@remuda/domain';
import { decodeAssignment, decodeControl, messageFormats, type IncompatibleAssignment } from '@remuda/protocol';

/** What the other end of a channel requests from a worker. */
export type Request =
  | { readonly kind: 'assignment'; readonly assignment: Assignment }
  | { readonly kind: 'incompatible'; readonly assignment: IncompatibleAssignment }
  | { readonly kind: 'control'; readonly control: Control };

/** Defaults for a prompt without an assignment. */
export interface PromptDefaults {
  readonly profile: string;
  /** Default of `timeoutMs`. */
  readonly timeoutMs: number;
  /** Creates the id of a job that has none. */
  readonly newId: () => string;
}

const fields = ['id', 'prompt', 'model', 'appendSystemPrompt', 'maxTurns', 'timeoutMs'] as const;
const ids = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const maxTimeoutMs = 86_400_000;

/**
 * Parses a message of the other end: an assignment as a scheduler writes it, an order (`{"kind":"cancel",…}`,
 * `{"kind":"drain",…}`), or a prompt, as a person writes it: `{"prompt":"…"}`, optionally with `id`, `model`,
 * `appendSystemPrompt`, `maxTurns` and `timeoutMs`. Throws `request.invalid` for anything else.
 */
export function readRequest(message: unknown, defaults: PromptDefaults): Request {
  if (typeof message !== 'object' || message === null || Array.isArray(message))
    throw invalid('a message must be a JSON object');
  const value = message as Readonly<Record<string, unknown>>;
  if ('prompt' in value) return { kind: 'assignment', assignment: promptAlone(value, defaults) };
  const text = JSON.stringify({ v: messageFormats.own, ...value });
  if ('kind' in value) {
    const control = decodeControl(text);
    if (control) return { kind: 'control', control };
  }
  const assignment = decodeAssignment(text);
  if (!assignment) throw invalid('a message must have a prompt, or be an assignment, a cancel or a drain');
  return 'incompatible' in assignment ? { kind: 'incompatible', assignment } : { kind: 'assignment', assignment };
}

function promptAlone(value: Readonly<Record<string, unknown>>, defaults: PromptDefaults): Assignment {
  const unknown = Object.keys(value).find((name) => !(fields as readonly string[]).includes(name));
  if (unknown !== undefined) throw invalid(`there is no field ${JSON.stringify(unknown.slice(0, 40))}`);
  const { id = defaults.newId(), prompt, timeoutMs = defaults.timeoutMs } = value;
  if (typeof prompt !== 'string' || prompt.trim() === '') throw invalid('prompt must be a string that is not empty');
  if (typeof id !== 'string' || !ids.test(id))
    throw invalid('id must have 1 to 64 letters, digits, dashes or underscores');
  if (!isCount(timeoutMs, maxTimeoutMs)) throw invalid(`timeoutMs must be 1 to ${String(maxTimeoutMs)}`);
  const spec: JobSpec = {
    ...{ prompt, profile: defaults.profile, workspace: { kind: 'empty' }, priority: 5, timeoutMs, attempts: 1 },
    ...{ deltas: false, labels: {}, metadata: {}, ...wanted(value) },
  };
  return { job: id, attempt: 1, lease: 1, spec, remainingMs: timeoutMs };
}

function wanted({ model, appendSystemPrompt, maxTurns }: Readonly<Record<string, unknown>>): Partial<JobSpec> {
  if (maxTurns !== undefined && !isCount(maxTurns, 10_000)) throw invalid('maxTurns must be 1 to 10000');
  return {
    ...text('model', model),
    ...text('appendSystemPrompt', appendSystemPrompt),
    ...(maxTurns === undefined ? {} : { maxTurns }),
  };
}

function text(name: string, value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (typeof value !== 'string' || value === '') throw invalid(`${name} must be a string that is not empty`);
  return { [name]: value };
}

const isCount = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most;

const invalid = (message: string): RemudaError => new RemudaError('request.invalid', message);
