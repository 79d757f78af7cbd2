import { createHash } from 'node:crypto';

/** A tool that was called repeatedly with the same input. */
export interface Loop {
  readonly tool: string;
  /** Equal calls in a row so far. */
  readonly count: number;
}

/**
 * Watches tool calls and reports every `after` equal ones in a row. Each caller (the agent, a subagent) is counted
 * separately.
 */
export class LoopWatch {
  readonly #rows = new Map<string, { readonly call: string; readonly count: number }>();

  constructor(private readonly after: number) {}

  /** Takes one call; reports a loop at the `after`th equal one in a row, at twice as many, and so on. */
  see(call: { readonly caller: string; readonly tool: string; readonly input: unknown }): Loop | undefined {
    const { caller, tool } = call;
    const mark = markOf(tool, call.input);
    const row = this.#rows.get(caller);
    const count = row?.call === mark ? row.count + 1 : 1;
    this.#rows.set(caller, { call: mark, count });
    return count % this.after === 0 ? { tool, count } : undefined;
  }
}

/** Equal for equal calls, in any order of their fields. Short, whatever the input contains. */
function markOf(tool: string, input: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([tool, sorted(input)]))
    .digest('base64');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, sorted(each)] as const);
  // not an object: `__proto__` would be lost
  return { fields: entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) };
}
