import { RemudaError } from '@remuda/domain';
import type { ErrorCode, Fault } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';
import { fieldsOf } from './fields.js';
import type { Dto } from './fields.js';
import { findUnsafeJson, join } from './plain-json.js';

/** Result of reading an input: the value, or its faults. */
export type Read<T> = { readonly value: T; readonly faults: readonly [] } | { readonly faults: readonly Fault[] };

/** Absent fields are not validated, and faults do not include the input itself. */
const options = {
  skipUndefinedProperties: true,
  forbidUnknownValues: true,
  validationError: { target: false, value: false },
};

/** Maximum number of reported unknown fields: an input with more of them has one cause. */
const mostUnknown = 1_000;

/**
 * Reads an input by the rules of its class: unknown fields and broken rules are faults; absent fields get their
 * defaults. The cost depends on the class's fields and the input's names; values are not copied.
 */
export function readDto<T extends object>(dto: Dto<T>, input: unknown, path = ''): Read<T> {
  if (!isRecord(input)) return { faults: [{ path, message: 'must be an object' }] };
  const { names, required, defaults } = fieldsOf(dto);
  const faults = Object.keys(input)
    .filter((name) => !names.has(name))
    .slice(0, mostUnknown)
    .map((name) => ({ path: join(path, name), message: 'is not a known field' }));
  const value = new dto();
  for (const name of names) {
    const read = readField(dto, input, name, path);
    for (const fault of read.faults) faults.push(fault);
    if (read.value !== undefined) (value as Record<string, unknown>)[name] = read.value;
  }
  for (const name of required)
    if (!Object.hasOwn(input, name)) faults.push({ path: join(path, name), message: 'is required' });
  for (const fault of validateSync(value, options)) faults.push(told(fault, path));
  return faults.length === 0 ? { value: withDefaults(value, defaults), faults: [] } : { faults };
}

function withDefaults<T extends object>(value: T, defaults: Readonly<Record<string, unknown>>): T {
  const fields = value as Record<string, unknown>;
  for (const name in defaults) fields[name] ??= defaults[name];
  return value;
}

/** The value of one field, and the faults within it if it has a class of its own. */
function readField(
  dto: Dto,
  input: Readonly<Record<string, unknown>>,
  name: string,
  path: string,
): { readonly value: unknown; readonly faults: readonly Fault[] } {
  const fields = fieldsOf(dto);
  const given = Object.hasOwn(input, name) ? input[name] : undefined;
  const value = fields.changeOf(name)?.(given) ?? given;
  const classOf = fields.classOf(name);
  if (classOf === undefined || !isRecord(value)) return { value, faults: [] };
  const read = readDto(classOf(value), value, join(path, name));
  return 'value' in read ? read : { value, faults: read.faults };
}

/** The body of a request, parsed by `readJsonBody`; rejects with `request.malformed` if there is none. */
export function requireBody(body: unknown): unknown {
  if (body === undefined || body === null)
    throw new RemudaError('request.malformed', 'The request has no body; send a JSON object as application/json.');
  return body;
}

/** Reads a query string, or rejects with `request.invalid` and all its faults. */
export function readQuery<T extends object>(dto: Dto<T>, query: unknown): T {
  const fault = findUnsafeJson(query);
  if (fault) throw invalid([fault]);
  return requireDto(dto, query);
}

/** Reads a value, or rejects with `request.invalid` and all its faults. */
export function requireDto<T extends object>(dto: Dto<T>, input: unknown): T {
  const read = readDto(dto, input);
  if ('value' in read) return read.value;
  throw invalid(read.faults);
}

/** The refusal of an input: its sentence has the first fault, and it lists all. */
export function invalid(faults: readonly Fault[], code: ErrorCode = 'request.invalid'): RemudaError {
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  const sentence = first
    ? `${first.path === '' ? 'The body' : first.path} ${first.message}${more}`
    : 'The input is invalid';
  return new RemudaError(code, sentence, { faults });
}

function told({ property, constraints = {} }: ValidationError, path: string): Fault {
  const [message = 'is not valid'] = Object.values(constraints);
  return { path: join(path, property), message: withoutName(message, property) };
}

/** The rules' sentences begin with the field's name, which the path already has. */
function withoutName(text: string, property: string): string {
  return text.startsWith(`${property} `) ? text.slice(property.length + 1) : text;
}
