import { createHash } from 'node:crypto';

/** A tool that was called with the same input again and again. */
export interface Loop {
  readonly tool: string;
  /** Equal calls in a row so far. */
  readonly count: number;
}

/** Sees tool calls go by and tells of every `after` equal ones in a row. Each caller (the agent, a subagent) has a row of its own. */
export class LoopWatch {
  readonly #rows = new Map<string, { readonly call: string; readonly count: number }>();

  constructor(private readonly after: number) {}

  /** Takes one call; a loop at the `after`th equal one in a row, at twice as many, and so on. */
  see(call: { readonly caller: string; readonly tool: string; readonly input: unknown }): Loop | undefined {
    const { caller, tool } = call;
    const mark = markOf(tool, call.input);
    const row = this.#rows.get(caller);
    const count = row?.call === mark ? row.count + 1 : 1;
    this.#rows.set(caller, { call: mark, count });
    return count % this.after === 0 ? { tool, count } : undefined;
  }
}

/** The same for calls that say the same, in whatever order their fields stand. Short, whatever the input holds. */
function markOf(tool: string, input: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([tool, sorted(input)]))
    .digest('base64');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, sorted(each)] as const);
  // not an object again: `__proto__` would be lost
  return { fields: entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) };
}
