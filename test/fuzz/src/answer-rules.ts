import { parseJson } from '@remuda/protocol';
import type { Answer } from './line.js';
import type { FuzzRequest } from './requests.js';

/** The status that docs/errors.md has for each code that the api may answer with. */
export type DocumentedCodes = ReadonlyMap<string, number>;

/** Reads the codes and their statuses from the text of docs/errors.md. */
export function codesIn(errors: string): DocumentedCodes {
  const entries = errors.split(/^### /m).slice(1);
  return new Map(
    entries.flatMap((entry) => {
      const status = /^- \*\*HTTP:\*\* (\d+)$/m.exec(entry)?.[1];
      const code = /^`([^`]+)`/.exec(entry)?.[1];
      return status === undefined || code === undefined ? [] : [[code, Number(status)] as const];
    }),
  );
}

/** What a program tells of its insides: places in code and files, engines' and stores' own words. */
const insides = [
  /node_modules|\bfile:\/\/\/(?!etc)|\bnode:[a-z]+\/?[a-z]*:|\bat \S+ \(|\.[cm]?[jt]s:\d+/,
  /\/(?:tmp|home|root|usr|var|opt|work|app|apps|libs|proc)\/[\w.-]+/,
  /\b(?:Type|Reference|Range|Syntax|Reply|Assertion|Aggregate)Error\b|ERR_[A-Z_]+|E(?:CONN|PIPE|ADDR)[A-Z]*/,
  /Cannot read propert|is not a function|is not iterable|is not defined|of undefined|of null|Maximum call stack/,
  /WRONGTYPE|NOSCRIPT|NOAUTH|NOPERM|EVALSHA|user_script|redis\.call|\bioredis\b|\bBullMQ\b|127\.0\.0\.1:\d+/i,
];

interface Problem {
  readonly type?: unknown;
  readonly title?: unknown;
  readonly status?: unknown;
  readonly code?: unknown;
  readonly detail?: unknown;
  readonly faults?: readonly { readonly path?: unknown; readonly message?: unknown }[];
}

/** Codes that say what is wrong in a body or a query: each tells where. */
const telling = new Set(['request.invalid', 'schema.invalid', 'cursor.invalid', 'event_id.invalid']);

/** What is wrong with an answer; undefined where it is as it has to be. */
export function faultOf(request: FuzzRequest, answer: Answer, codes: DocumentedCodes): string | undefined {
  const { status, body } = answer;
  if (!(status >= 100 && status < 600)) return `its status is ${String(status)}`;
  if (status >= 500) return `it says ${String(status)}`;
  const heads = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
  const page = /html|javascript|css|font|image/.test(answer.headers.get('content-type') ?? '');
  const told = insides
    .map((inside) => inside.exec(page ? heads : `${heads}\n${body}`)?.[0])
    .find((text) => text !== undefined);
  // What the client said itself may be said again.
  if (told !== undefined && !(request.target + (request.body ?? '')).includes(told))
    return `it tells of its insides: ${told}`;
  return status < 400 ? undefined : faultOfRefusal(request, answer, codes);
}

function faultOfRefusal(
  request: FuzzRequest,
  { status, headers, body }: Answer,
  codes: DocumentedCodes,
): string | undefined {
  if (headers.get('content-type')?.startsWith('application/problem+json') !== true)
    return `a refusal with ${String(status)} is no problem document: ${headers.get('content-type') ?? 'no type'}`;
  if (request.method === 'HEAD') return undefined;
  const problem = parseJson(body) as Problem | undefined;
  const code = problem?.code;
  if (typeof code !== 'string' || !codes.has(code)) return `docs/errors.md knows no code ${String(code)}`;
  if (codes.get(code) !== status || problem?.status !== status) return `${code} comes with ${String(status)}`;
  if (problem.type !== `urn:remuda:error:${code}`) return `its type is ${String(problem.type)}`;
  if (typeof problem.title !== 'string' || typeof problem.detail !== 'string') return 'it has no title or no detail';
  const { faults } = problem;
  if (telling.has(code) && (faults === undefined || faults.length === 0)) return `${code} names no field`;
  const nameless = faults?.find(({ path, message }) => typeof path !== 'string' || typeof message !== 'string');
  return nameless === undefined ? undefined : 'a fault has no path or no message';
}
