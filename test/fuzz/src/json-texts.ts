import fc from 'fast-check';
import type { Schema, Schemas } from './document.js';
import { oddJson, oddNumber, oddText } from './odd.js';

/** How far from the schema the values may be. */
type Kind = 'good' | 'near';

/** Levels of objects after which a schema that contains itself ends. */
const maxLevels = 6;
/** Words that mean something where a free object is read as a JSON Schema. */
const schemaWords = ['type', 'properties', 'items', '$ref', '$id', '$schema', '$defs', 'pattern', 'enum', 'required'];
const schemaValues = [
  ...['"object"', '"string"', '"nope"', '["string","null"]', '{"a":{"type":"string"}}', '"#/$defs/no"', '"#"', '"("'],
  ...['"https://json-schema.org/draft/2020-12/schema"', '["a"]', 'true', '-1', '1e999', '[[]]', '{"$ref":"#"}'],
];

/**
 * Values of a schema as JSON texts: texts, since what a client sends need be no value of JavaScript. `good` ones are
 * valid as far as the schema tells; `near` ones have something wrong here and there.
 */
export class JsonTexts {
  constructor(private readonly schemas: Schemas) {}

  of(schema: Schema, kind: Kind, level = 0): fc.Arbitrary<string> {
    const good = this.#good(this.#resolve(schema), kind, level);
    if (kind === 'good') return good;
    return fc.oneof(
      { weight: 24, arbitrary: good },
      { weight: 2, arbitrary: oddJson },
      { weight: 1, arbitrary: fc.oneof(oddNumber, oddText.map(quoted)) },
    );
  }

  #resolve(schema: Schema): Schema {
    const name = schema.$ref?.split('/').at(-1);
    const target = name === undefined ? undefined : this.schemas[name];
    if (target !== undefined) return this.#resolve(target);
    const [only] = schema.allOf?.length === 1 ? schema.allOf : [];
    return only === undefined ? schema : this.#resolve(only);
  }

  #good(schema: Schema, kind: Kind, level: number): fc.Arbitrary<string> {
    if (level > maxLevels) return fc.constant('null');
    const choices = schema.oneOf ?? schema.anyOf;
    if (choices) return fc.oneof(...choices.map((each) => this.of(each, kind, level)));
    if (schema.enum) return fc.constantFrom(...schema.enum.map((value) => JSON.stringify(value)));
    const types = [schema.type ?? 'any'].flat();
    return fc.oneof(...types.map((type) => this.#ofType(type, schema, kind, level)));
  }

  #ofType(type: string, schema: Schema, kind: Kind, level: number): fc.Arbitrary<string> {
    switch (type) {
      case 'string':
        return textOf(schema).map(quoted);
      case 'integer':
      case 'number':
        return numberOf(schema, kind, type === 'integer');
      case 'boolean':
        return fc.constantFrom('true', 'false');
      case 'null':
        return fc.constant('null');
      case 'array':
        return fc
          .array(this.of(schema.items ?? {}, kind, level + 1), { maxLength: Math.min(schema.maxItems ?? 3, 3) })
          .map((items) => `[${items.join(',')}]`);
      case 'object':
        return this.#object(schema, kind, level);
      default:
        return oddJson;
    }
  }

  #object(schema: Schema, kind: Kind, level: number): fc.Arbitrary<string> {
    const { properties = {}, required = [] } = schema;
    // some three of them, however many there are: of all at once one is always wrong
    const absent = Math.max(3, Math.round(Object.keys(properties).length / 3));
    const fields = Object.entries(properties).map(([name, inner]) => {
      const needed = required.includes(name);
      const field = this.of(inner, kind, level + 1).map((value) => `${quoted(name)}:${value}`);
      if (needed && kind === 'good') return field;
      return needed
        ? fc.oneof({ weight: 30, arbitrary: field }, { weight: 1, arbitrary: fc.constant('') })
        : fc.oneof({ weight: absent, arbitrary: fc.constant('') }, { weight: 1, arbitrary: field });
    });
    return fc
      .tuple(fc.tuple(...fields), this.#further(schema, kind, level))
      .map(([known, further]) => `{${[...known, ...further].filter((field) => field !== '').join(',')}}`);
  }

  /** Fields that the schema does not name: those that it lets be, and in near values some that it does not. */
  #further(schema: Schema, kind: Kind, level: number): fc.Arbitrary<string[]> {
    const free = schema.additionalProperties;
    const open = free !== undefined && free !== false;
    if (!open && kind === 'good') return fc.constant([]);
    const value = typeof free === 'object' ? this.of(free, kind, level + 1) : freeValue;
    const name = open ? fc.constantFrom('a', 'team', 'x-y', ...schemaWords) : oddText;
    const field = fc.tuple(name, value).map(([key, inner]) => `${quoted(key)}:${inner}`);
    const some = fc.uniqueArray(field, { maxLength: open ? 4 : 2, selector: (text) => text.split(':')[0] });
    return open ? some : fc.oneof({ weight: 12, arbitrary: fc.constant<string[]>([]) }, { weight: 1, arbitrary: some });
  }
}

const freeValue = fc.oneof(fc.constantFrom(...schemaValues), oddJson);

const quoted = (text: string): string => JSON.stringify(text);

/** Texts of a schema, not yet as JSON. */
export function textOf(schema: Schema): fc.Arbitrary<string> {
  const known = [schema.example, schema.default].filter((value) => typeof value === 'string');
  const { minLength = 0, maxLength = minLength + 12 } = schema;
  const any =
    schema.format === 'date-time'
      ? fc
          .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
          .map((date) => date.toISOString())
      : schema.pattern !== undefined
        ? fc.stringMatching(new RegExp(schema.pattern))
        : fc.string({ minLength, maxLength: Math.min(maxLength, minLength + 12) });
  return known.length === 0 ? any : fc.oneof(fc.constantFrom(...known), any);
}

/** Numbers of a schema as JSON text; near ones are at its borders and beyond. */
function numberOf(schema: Schema, kind: Kind, whole: boolean): fc.Arbitrary<string> {
  const { minimum = 0, maximum = minimum + 10_000 } = schema;
  const within = whole
    ? fc.integer({ min: Math.ceil(minimum), max: Math.floor(maximum) }).map(String)
    : fc.double({ min: minimum, max: maximum, noNaN: true }).map((value) => JSON.stringify(value));
  if (kind === 'good') return within;
  const borders = [minimum - 1, minimum, minimum + 0.5, maximum, maximum + 1].map(String);
  return fc.oneof({ weight: 6, arbitrary: within }, { weight: 2, arbitrary: fc.constantFrom(...borders) }, oddNumber);
}
