import type { Operation, Schema, Schemas } from './document.js';

/** How large a text may become. */
interface Room {
  readonly bytes: number;
  /** Members of objects and elements of arrays. */
  readonly values: number;
}
type Filling = (room: Room) => string;

/** A place in a body where any JSON text may stand. */
export interface Place {
  readonly name: string;
  /** The whole body, with what fills that place. */
  readonly fill: (room: Room, filling: Filling) => string;
}

const times = (piece: string, bytes: number): string =>
  piece.repeat(Math.max(1, Math.floor(bytes / Buffer.byteLength(piece))));
const text = (piece: string) => (bytes: number) => `"${times(piece, bytes - 2)}"`;
const list =
  (each: (bytes: number, n: number) => string): Filling =>
  (room) =>
    `[${members(each, room)}]`;
const object =
  (each: (bytes: number, n: number) => string, most = 9_900): Filling =>
  ({ bytes, values }) =>
    `{${members(each, { bytes, values: Math.min(values, most) })}}`;

function members(each: (bytes: number, n: number) => string, { bytes, values }: Room): string {
  const own = Math.max(1, Math.floor(bytes / values) - 1);
  return Array.from({ length: values }, (_, n) => each(own, n)).join(',');
}
const padded = (name: string, bytes: number): string => name.padEnd(bytes - 4, 'x');
const nested =
  (open: string, close: string): Filling =>
  ({ bytes, values }) => {
    const levels = Math.min(values, Math.floor(bytes / (open.length + close.length))) - 1;
    return `${open.repeat(levels)}0${close.repeat(levels)}`;
  };

/** Texts of what no honest client sends: so much of one thing that anything worse than linear shows. */
export const fillings: Readonly<Record<string, Filling>> = {
  'many numbers': list((bytes) => times('7', bytes)),
  'many texts': list(text('x')),
  'many texts of escapes': list(text('\\n')),
  'many lists': list(() => '[]'),
  'many objects': list(() => '{}'),
  'many names': object((bytes, n) => `"${padded(`n${String(n)}`, bytes)}":0`),
  'many names of numbers': object((_bytes, n) => `"${String(n * 7)}":0`),
  'many names of escapes': object((bytes, n) => `"${String(n)}${times('\\u00e9', bytes - 10)}":0`),
  'more fields than there may be': object((bytes, n) => `"${padded(`n${String(n)}`, bytes)}":0`, Infinity),
  'long names': ({ bytes }) =>
    object((own, n) => `"${'n'.repeat(own - 10)}${String(n)}":0`)({ bytes, values: Math.ceil(bytes / 20_000) }),
  'deep lists': nested('[', ']'),
  'deep objects': nested('{"a":', '}'),
  'deep objects of long names': nested(`{"${'a'.repeat(200)}":`, '}'),
  'deep and wide': ({ values, bytes }) =>
    `${'['.repeat(60)}${times('{"a":[]},', Math.min(values * 3, bytes - 200))}0${']'.repeat(60)}`,
  'a long text': ({ bytes }) => text('x')(bytes),
  'a text of two bytes each': ({ bytes }) => text('é')(bytes),
  'a text of three bytes each': ({ bytes }) => text('€')(bytes),
  'a text of pairs': ({ bytes }) => text('😀')(bytes),
  'a text of escapes': ({ bytes }) => text('\\n')(bytes),
  'a text of escaped quotes': ({ bytes }) => text('\\"')(bytes),
  'a text of escaped pairs': ({ bytes }) => text('\\ud83d\\ude00')(bytes),
  'a text of white space': ({ bytes }) => text(' ')(bytes),
  'a long number': ({ bytes }) => times('9', bytes),
  'white space': ({ bytes }) => `${times(' \n', bytes - 1)}0`,
  'dashes and dots': ({ bytes }) => text('-.')(bytes),
  'a long URL': ({ bytes }) => `"https://${times('a.', bytes - 20)}example"`,
  'more values than there may be': ({ bytes }) => `[${times('0,', bytes - 4)}0]`,
  'what breaks off': ({ bytes }) => times('[{"a":', bytes),
};

/** Every place in an operation's body, from the schema that describes it; the whole body is one. */
export function placesIn({ body }: Operation, schemas: Schemas): readonly Place[] {
  const whole: Place = { name: 'the body', fill: (room, filling) => filling(room) };
  return body === undefined ? [whole] : [whole, ...within(body, schemas)];
}

function within(schema: Schema, schemas: Schemas): readonly Place[] {
  return shapesOf(schema, schemas).flatMap(({ properties = {}, required = [], items, maxItems = 100 }) => [
    ...Object.entries(properties).flatMap(([name, inner]) => {
      const others = required.filter((each) => each !== name).map((each) => `"${each}":${smallest(properties[each])},`);
      const put = (value: string): string => `{${others.join('')}"${name}":${value}}`;
      return [
        { name, fill: (room, filling) => put(filling(room)) } satisfies Place,
        ...inside(name, within(inner, schemas), put),
      ];
    }),
    ...(items === undefined ? [] : spread(within(items, schemas), maxItems)),
  ]);
}

const inside = (name: string, places: readonly Place[], put: (value: string) => string): readonly Place[] =>
  places.map((place) => ({
    name: `${name}.${place.name}`,
    fill: (room, filling) => put(place.fill(room, filling)),
  }));

/** The same in each element of an array, of which there are as many as there may be. */
const spread = (places: readonly Place[], count: number): readonly Place[] =>
  places.map((place) => ({
    name: `*.${place.name}`,
    fill: ({ bytes, values }, filling) => {
      const room = { bytes: Math.floor(bytes / count) - 40, values: Math.floor(values / count) - 4 };
      return `[${Array.from({ length: count }, () => place.fill(room, filling)).join(',')}]`;
    },
  }));

function shapesOf({ $ref, oneOf = [], anyOf = [], allOf = [], ...own }: Schema, schemas: Schemas): readonly Schema[] {
  const named = $ref === undefined ? undefined : schemas[$ref.replace('#/components/schemas/', '')];
  return [own, ...[...oneOf, ...anyOf, ...allOf, ...(named ? [named] : [])].flatMap((each) => shapesOf(each, schemas))];
}

const smallest = (schema: Schema = {}): string => JSON.stringify(schema.enum?.[0] ?? schema.example ?? 'x');

const parts = 990;
const property = (n: number): string => `"p${String(n)}":`;
const schemaOf = (each: (n: number) => string, count = parts): string =>
  `{"type":"object","properties":{${Array.from({ length: count }, (_, n) => property(n) + each(n)).join(',')}}}`;

/** Schemas as large as they may be, of what takes longest to compile. */
export const heavySchemas: Readonly<Record<string, string>> = {
  texts: schemaOf(() => '{"type":"string","minLength":1}'),
  formats: schemaOf(() => '{"format":"date-time"}'),
  patterns: schemaOf((n) => `{"pattern":"^(a|b)*${String(n)}$"}`),
  choices: schemaOf(() => '{"anyOf":[{},{}]}', parts / 4),
  references: `{"$defs":{"a":{"type":"string"}},${schemaOf(() => '{"$ref":"#/$defs/a"}').slice(1)}`,
  'references in a row': `{"$ref":"#/$defs/d0","$defs":{${Array.from({ length: parts }, (_, n) => `"d${String(n)}":{"$ref":"#/$defs/d${String(n + 1)}"}`).join(',')},"d${String(parts)}":{}}}`,
  'a deep one': `${'{"not":'.repeat(55)}{}${'}'.repeat(55)}`,
  'a long list of words': `{"enum":[${Array.from({ length: 9_000 }, (_, n) => `"w${String(n)}"`)
    .join(',')
    .slice(0, 64_000)
    .replace(/,[^,]*$/, '')}]}`,
  'other names': `{"type":"object","additionalProperties":false,"unevaluatedProperties":false,"patternProperties":{${Array.from({ length: parts }, (_, n) => `"^${String(n)}":{}`).join(',')}}}`,
};

/** Bodies of one job or many that are accepted, each as large as it may be. */
export function heavyJobs({ bytes }: Pick<Room, 'bytes'>): Readonly<Record<string, string>> {
  const prompts = (piece: string): string => `{"prompt":${text(piece)(Math.min(bytes, 10 * 1024 * 1024) - 20)}}`;
  const some = (count: number, job: (room: number) => string): string =>
    `{"jobs":[${Array.from({ length: count }, () => job(Math.floor(bytes / count) - 60)).join(',')}]}`;
  return {
    'a long prompt': prompts('x'),
    'a prompt of three bytes each': prompts('€'),
    'a prompt of pairs': prompts('😀'),
    'a prompt of escapes': prompts('\\n'),
    'many long prompts': some(500, (room) => `{"prompt":${text('é')(room)}}`),
    'many long schemas': some(190, () => `{"prompt":"p","outputSchema":{"description":${text('x')(60_000)}}}`),
    'many schemas of many parts': some(48, () => `{"prompt":"p","outputSchema":${heavySchemas['texts'] ?? ''}}`),
    'many labels': some(
      500,
      () =>
        `{"prompt":"p","labels":{${Array.from({ length: 32 }, (_, n) => `"l${String(n)}":${text('x')(250)}`).join(',')}}}`,
    ),
    'many secrets': some(
      40,
      () =>
        `{"prompt":"p","secrets":{${Array.from({ length: 32 }, (_, n) => `"S${String(n)}":${text('s')(8_000)}`).join(',')}}}`,
    ),
    ...Object.fromEntries(
      Object.entries(heavySchemas).map(([name, schema]) => [
        `a schema of ${name}`,
        `{"prompt":"p","outputSchema":${schema}}`,
      ]),
    ),
  };
}
