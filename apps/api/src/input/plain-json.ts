import type { Fault } from '@remuda/domain';

/** Maximum nesting of objects and arrays in a body. */
export const maxDepth = 64;
/** Maximum length of a field's name in characters: names of one object are compared with each other. */
export const maxNameChars = 1_024;
/** Keys that reach an object's prototype if a value is copied carelessly. */
const refusedKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Checks a parsed JSON value, and returns its first fault: nested too deeply, a key that is too long or could change an
 * object's prototype, or an unpaired surrogate, which UTF-8 cannot encode. Not recursive, so that no input can exhaust
 * the stack.
 */
export function findUnsafeJson(value: unknown): Fault | undefined {
  const looking = lookForUnsafe(value);
  for (;;) {
    const { done, value: fault } = looking.next();
    if (done === true) return fault;
  }
}

/** The same step by step: yields after each thousand values. */
export function* lookForUnsafe(value: unknown): Generator<undefined, Fault | undefined> {
  let values = 0;
  const open: { readonly value: unknown; readonly path: string; readonly depth: number }[] = [
    { value, path: '', depth: 1 },
  ];
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value === 'string' && !isWellFormed(next.value)) return { path: next.path, message: brokenText };
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.depth > maxDepth)
      return { path: topOf(next.path), message: `must not be nested deeper than ${maxDepth} levels` };
    const inArray = Array.isArray(next.value);
    const holder = next.value as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(holder)) {
      if (!inArray && key.length > maxNameChars)
        return {
          path: next.path,
          message: `must not have a field whose name is longer than ${maxNameChars} characters`,
        };
      const path = inArray ? `${next.path}[${key}]` : join(next.path, key);
      if (!inArray && refusedKeys.has(key)) return { path, message: 'is not allowed as a field name' };
      if (!inArray && !isWellFormed(key)) return { path: next.path, message: `has a field whose name ${brokenText}` };
      open.push({ value: holder[key], path, depth: next.depth + 1 });
      if (++values % 1_000 === 0) yield;
    }
  }
  return undefined;
}

const brokenText = 'must not contain an unpaired surrogate (\\ud800 to \\udfff)';

/** Every supported Node has it; TypeScript's library of 2023 does not. */
const isWellFormed = (text: string): boolean => (text as string & { isWellFormed(): boolean }).isWellFormed();

/** A path to a field: `workspace.url`, `jobs[3].prompt`. */
export function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** The first segments of a path that is too long to be reported in full. */
function topOf(path: string): string {
  const steps = path.split(/(?=[.[])/);
  return `${steps.slice(0, 4).join('')}…`;
}

/** Whether a value's JSON text exceeds this many bytes. Examines no more of it than necessary. */
export function isLargerThan(value: unknown, maxBytes: number): boolean {
  return isSurelyLarger(value, maxBytes) || Buffer.byteLength(JSON.stringify(value)) > maxBytes;
}

/** Whether its strings, names and commas alone exceed it: otherwise the JSON text is at most a few times as large. */
function isSurelyLarger(value: unknown, maxBytes: number): boolean {
  const open: unknown[] = [value];
  let bytes = 0;
  while (open.length > 0) {
    const next = open.pop();
    bytes += typeof next === 'string' ? next.length + 2 : 1;
    if (bytes > maxBytes) return true;
    if (typeof next !== 'object' || next === null) continue;
    const inner = Object.values(next);
    if (bytes + inner.length > maxBytes) return true;
    for (const each of inner) open.push(each);
    if (!Array.isArray(next)) for (const name of Object.keys(next)) bytes += name.length + 3;
  }
  return bytes > maxBytes;
}
