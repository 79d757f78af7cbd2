import fc from 'fast-check';
import type { Operation, Parameter, Schemas } from './document.js';
import { JsonTexts, textOf } from './json-texts.js';
import { largeJson, oddJson, oddText } from './odd.js';

/** A request as it goes over the line; where a known job's id belongs, there is a mark. */
export interface FuzzRequest {
  readonly operation: string;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}

/** Jobs that the api knows before the requests come. */
export const knownJobs = 8;

/** Puts the ids of known jobs where their marks are: a seed gives the same requests whatever ids the api gave. */
export function withIds(text: string, ids: readonly string[]): string {
  return text.replaceAll(/~job(\d)~/g, (_mark, n: string) => ids[Number(n) % ids.length] ?? '');
}

const knownId = fc.nat({ max: knownJobs - 1 }).map((n) => `~job${String(n)}~`);
const otherMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'get', 'NOPE'];
const types = [
  ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml', ''],
  ...['application/json; charset=utf-16', 'application/json;', 'APPLICATION/JSON', 'application/problem+json', '*/*'],
  ...['application', 'application/json, text/plain', '/', ';', 'é'],
];
const accepts = ['*/*', 'application/json', 'text/event-stream', 'text/*;q=0.1', 'image/png', '', ',', ';;', 'é'];

/** Requests for one operation: as it is described, nearly so, and not at all. */
export function requestsFor(operation: Operation, schemas: Schemas): fc.Arbitrary<FuzzRequest> {
  const json = new JsonTexts(schemas);
  const given = (place: string): readonly Parameter[] => operation.parameters.filter((each) => each.in === place);
  return fc
    .record({
      method: rarely(operation.method, fc.constantFrom(...otherMethods), 20),
      path: pathOf(operation.path),
      query: queryOf(given('query')),
      headers: headersOf(given('header')),
      type: rarely('application/json', fc.constantFrom(...types), 25),
      body: bodyOf(operation, json),
    })
    .map(({ method, path, query, headers, type, body }) => ({
      operation: operation.name,
      method,
      target: path + query,
      headers: body === undefined ? headers : [...headers, ['content-type', type] as const],
      ...(body === undefined ? {} : { body }),
    }));
}

/** Requests for paths that no operation has, or has with something more to them. */
export function unroutedRequests(operations: readonly Operation[]): fc.Arbitrary<FuzzRequest> {
  const paths = operations.map(({ path }) => path);
  const path = fc.oneof(
    fc.constantFrom(...paths, '/', '/api', '/api/v1', '/api/docs', '/metrics', '/health/live', '/admin/queues'),
    fc
      .tuple(
        fc.constantFrom(...paths),
        fc.oneof(oddText.map(escaped), fc.constantFrom('/', '//', '/..', '/%', '?', '#')),
      )
      .map(([known, more]) => known + more),
    fc.array(oddText.map(escaped), { maxLength: 4 }).map((steps) => `/${steps.join('/')}`),
    fc.constantFrom('*', 'http://other.example/', '/%', '/%zz', '/%c3%28', '//', '/\u0001', `/${'a/'.repeat(4_000)}`),
  );
  const body = fc.option(oddJson, { nil: undefined });
  return fc
    .record({ method: fc.constantFrom(...otherMethods), path, headers: headersOf([]), body })
    .map(({ method, path: target, headers, body: text }) => ({
      operation: 'elsewhere',
      method,
      target,
      headers: text === undefined ? headers : [...headers, ['content-type', 'application/json'] as const],
      ...(text === undefined ? {} : { body: text }),
    }));
}

function rarely<T>(usual: T, other: fc.Arbitrary<T>, oneIn: number): fc.Arbitrary<T> {
  return fc.oneof({ weight: oneIn, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
}

/** Percent-encoded where it has to be; a lone surrogate, which has no encoding, becomes U+FFFD. */
const escaped = (text: string): string => encodeURIComponent(Buffer.from(text).toString());

function pathOf(path: string): fc.Arbitrary<string> {
  const parts = path
    .split(/(\{[^}]+\})/)
    .map((part) =>
      part.startsWith('{')
        ? fc.oneof(
            { weight: 6, arbitrary: knownId },
            { weight: 2, arbitrary: oddText.map(escaped) },
            { weight: 1, arbitrary: fc.constantFrom('default', 'j-0', '%', '%ff', '%00', 'x'.repeat(300), '..', 'é') },
          )
        : fc.constant(part),
    );
  return fc.tuple(...parts).map((texts) => texts.join(''));
}

/** A query: its parameters good, odd, empty, without a value, twice, as lists and objects, and unknown ones. */
function queryOf(parameters: readonly Parameter[]): fc.Arbitrary<string> {
  const value = (of: Parameter): fc.Arbitrary<string> =>
    fc.oneof({ weight: 3, arbitrary: valueOf(of).map(escaped) }, { weight: 1, arbitrary: oddText.map(escaped) });
  const forms = parameters.map((each) => {
    const pair = value(each).map((text) => `${each.name}=${text}`);
    return fc.oneof(
      { weight: 8, arbitrary: pair },
      fc.constantFrom(each.name, `${each.name}=`, `${each.name}[]=1`, `${each.name}[a]=1`, `${each.name}=%`),
      fc.tuple(pair, pair).map((both) => both.join('&')),
    );
  });
  const unrouted = fc.oneof(
    fc.constantFrom('x=y', '&', '=', '__proto__=1', 'constructor[prototype]=1', '%', '%zz=%', '?', 'a[]='),
    fc.tuple(oddText, oddText).map(([name, text]) => `${escaped(name)}=${escaped(text)}`),
  );
  const some = fc.array(forms.length === 0 ? unrouted : fc.oneof(...forms, unrouted), { minLength: 1, maxLength: 4 });
  const mostly = forms.length === 0 ? 1 : 6;
  return fc.oneof(
    { weight: 5, arbitrary: fc.constant('') },
    { weight: mostly, arbitrary: some.map((pairs) => `?${pairs.join('&')}`) },
  );
}

function valueOf({ schema = {} }: Parameter): fc.Arbitrary<string> {
  if (schema.enum) return fc.constantFrom(...schema.enum.map(String));
  if (schema.type === 'integer' || schema.type === 'number') {
    const { minimum = 0, maximum = minimum + 1_000 } = schema;
    return fc
      .constantFrom(minimum - 1, minimum, maximum, maximum + 1, 1.5, Math.ceil((minimum + maximum) / 2))
      .map(String);
  }
  return fc.oneof(textOf(schema), fc.constantFrom('0', '1', '7'));
}

/** The operation's own headers, and others that a server looks at. */
function headersOf(parameters: readonly Parameter[]): fc.Arbitrary<(readonly [string, string])[]> {
  const keys = fc.constantFrom('k1', 'k2', 'with space', 'x'.repeat(201), '', 'ü');
  const waits = fc.constantFrom(
    'wait=0',
    'wait=1',
    'wait=999999999',
    'wait="0"; x',
    'wait',
    'wait=-1',
    'respond-async, wait=0',
    ',;=',
  );
  const ids = fc.constantFrom('0', '1', '999999999999999', '9999999999999999', '-1', '1.5', 'x', '', '0,0');
  const known: Readonly<Record<string, fc.Arbitrary<string>>> = {
    'idempotency-key': keys,
    prefer: waits,
    'last-event-id': ids,
  };
  const of = (name: string): fc.Arbitrary<string> =>
    fc.oneof({ weight: 4, arbitrary: known[name] ?? keys }, { weight: 1, arbitrary: headerText });
  const own = parameters.map(({ name }) => fc.option(pair(name.toLowerCase(), of(name.toLowerCase())), { freq: 1 }));
  const further = fc.oneof(
    pair('accept', fc.constantFrom(...accepts)),
    ...Object.entries(known).map(([name, value]) => pair(name, value)),
    pair('authorization', headerText),
    pair('x-forwarded-for', headerText),
    pair('origin', headerText),
    pair('content-encoding', fc.constantFrom('gzip', 'identity', 'x')),
    pair('expect', fc.constantFrom('100-continue', 'x')),
    pair('x-http-method-override', fc.constant('DELETE')),
    pair('cookie', headerText),
  );
  const more = fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(further, { maxLength: 3 }) },
  );
  return fc.tuple(fc.tuple(...own), more).map(([some, rest]) => [...some.filter((header) => header !== null), ...rest]);
}

const pair = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<readonly [string, string]> =>
  value.map((text) => [name, text] as const);

/** Without line breaks, which would end the header; other control characters stay. */
const headerText = oddText.map((text) => text.replaceAll(/[\r\n]/g, ''));

function bodyOf({ body }: Operation, json: JsonTexts): fc.Arbitrary<string | undefined> {
  if (body === undefined) return rarely<string | undefined>(undefined, oddJson, 20);
  const near = json.of(body, 'near');
  return fc.oneof(
    { weight: 5, arbitrary: json.of(body, 'good') },
    { weight: 14, arbitrary: near },
    { weight: 2, arbitrary: fc.tuple(near, fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1))) },
    {
      weight: 1,
      arbitrary: fc.tuple(near, fc.nat(), oddText).map(([text, at, odd]) => splice(text, at % (text.length + 1), odd)),
    },
    { weight: 2, arbitrary: oddJson },
    {
      weight: 1,
      arbitrary: fc.tuple(json.of(body, 'good'), largeJson).map(([text, large]) => replaceField(text, large)),
    },
    { weight: 1, arbitrary: fc.constantFrom(undefined, '', ' ', '\ufeff{}', 'null', '"', '{}{}', '\u0000') },
  );
}

const splice = (text: string, at: number, odd: string): string => text.slice(0, at) + odd + text.slice(at);

/** The text with one more value at its end: large where a small one is expected. */
function replaceField(text: string, value: string): string {
  const name = /"(\w+)":[^{]*\}$/.exec(text)?.[1] ?? 'metadata';
  return `${text.slice(0, -1)}${text === '{}' ? '' : ','}${JSON.stringify(name)}:${value}}`;
}
