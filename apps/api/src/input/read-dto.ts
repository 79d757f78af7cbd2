import { RemudaError } from '@remuda/domain';
import type { ErrorCode, Fault } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { plainToInstance } from 'class-transformer';
import { ValidateIf, validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';
import { findUnsafeJson, join } from './plain-json.js';

/** Marks a field that may be absent. `null` is not absent. */
export const Given = (): PropertyDecorator => ValidateIf((_dto, value) => value !== undefined);

/** What reading an input came to: the value, or why it is none. */
export type Read<T> = { readonly value: T; readonly faults: readonly [] } | { readonly faults: readonly Fault[] };

/** Reads an input by the rules of its class: unknown fields are faults, as is everything that breaks a rule. */
export function readDto<T extends object>(dto: new () => T, input: unknown, path = ''): Read<T> {
  if (!isRecord(input)) return { faults: [{ path, message: 'must be an object' }] };
  const value = plainToInstance(dto, input);
  const faults = validateSync(value, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  return faults.length === 0 ? { value, faults: [] } : { faults: faults.flatMap((fault) => told(fault, path)) };
}

/** The body of a request as a parsed JSON value that is safe to go through; rejects with `request.invalid`. */
export function safeBody(body: unknown): unknown {
  if (body === undefined || body === null)
    throw new RemudaError('request.malformed', 'The request has no body; send a JSON object as application/json.');
  return safe(body);
}

/** Reads a query string, or rejects with `request.invalid` and all its faults. */
export function readQuery<T extends object>(dto: new () => T, query: unknown): T {
  return requireDto(dto, safe(query));
}

function safe(input: unknown): unknown {
  const fault = findUnsafeJson(input);
  if (fault) throw invalid([fault]);
  return input;
}

/** Reads a value, or rejects with `request.invalid` and all its faults. */
export function requireDto<T extends object>(dto: new () => T, input: unknown): T {
  const read = readDto(dto, input);
  if ('value' in read) return read.value;
  throw invalid(read.faults);
}

/** The refusal of an input: names the first fault in its sentence, and lists all. */
export function invalid(faults: readonly Fault[], code: ErrorCode = 'request.invalid'): RemudaError {
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  const sentence = first
    ? `${first.path === '' ? 'The body' : first.path} ${first.message}${more}`
    : 'The input is invalid';
  return new RemudaError(code, sentence, { faults });
}

function told(error: ValidationError, path: string): Fault[] {
  const own = /^\d+$/.test(error.property) ? `${path}[${error.property}]` : join(path, error.property);
  const inner = (error.children ?? []).flatMap((child) => told(child, own));
  const [message] = Object.entries(error.constraints ?? {}).map(([rule, text]) =>
    rule === 'whitelistValidation' ? 'is not a known field' : withoutName(text, error.property),
  );
  return message === undefined ? inner : [{ path: own, message }, ...inner];
}

/** The rules begin their sentences with the field's name, which the path says better. */
function withoutName(text: string, property: string): string {
  return text.startsWith(`${property} `) ? text.slice(property.length + 1) : text;
}
