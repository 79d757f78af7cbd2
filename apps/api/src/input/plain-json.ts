import type { Fault } from '@remuda/domain';

/** Deepest nesting of objects and arrays that a body may have. */
export const maxDepth = 64;
/** Keys that reach an object's prototype where a value is copied without care. */
const refusedKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Looks through a parsed JSON value, and gives its first fault: nested too deeply, a key that could change an object's prototype, or
 * half of a surrogate pair, which has no UTF-8 and would arrive as another character. Knows no recursion, so that no input
 * can exhaust the stack.
 */
export function findUnsafeJson(value: unknown): Fault | undefined {
  const open: { readonly value: unknown; readonly path: string; readonly depth: number }[] = [
    { value, path: '', depth: 1 },
  ];
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value === 'string' && !isWellFormed(next.value)) return { path: next.path, message: brokenText };
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.depth > maxDepth)
      return { path: topOf(next.path), message: `must not be nested deeper than ${maxDepth} levels` };
    const inArray = Array.isArray(next.value);
    for (const [key, inner] of Object.entries(next.value)) {
      const path = inArray ? `${next.path}[${key}]` : join(next.path, key);
      if (!inArray && refusedKeys.has(key)) return { path, message: 'is a name that no field may have' };
      if (!inArray && !isWellFormed(key)) return { path: next.path, message: `has a field whose name ${brokenText}` };
      open.push({ value: inner, path, depth: next.depth + 1 });
    }
  }
  return undefined;
}

const brokenText = 'must not hold half of a surrogate pair (\\ud800 to \\udfff)';

/** Every Node that we take has it; TypeScript's library of 2023 does not. */
const isWellFormed = (text: string): boolean => (text as string & { isWellFormed(): boolean }).isWellFormed();

/** A path to a field: `workspace.url`, `jobs[3].prompt`. */
export function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** The first steps of a path that is too long to be told whole. */
function topOf(path: string): string {
  const steps = path.split(/(?=[.[])/);
  return `${steps.slice(0, 4).join('')}…`;
}

/** Whether a value's JSON text takes more than so many bytes. */
export function isLargerThan(value: unknown, maxBytes: number): boolean {
  return Buffer.byteLength(JSON.stringify(value)) > maxBytes;
}
