import type { JsonSchema } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { modern } from './modern.js';
import { References } from './references.js';
import { restOfTuple, tupleOf } from './tuple.js';
import { fitsUnicode, withNote } from './wording.js';

type Node = Readonly<Record<string, unknown>>;

/** Copied unchanged: annotations for the model, and checks that all drafts share. */
const taken = new Set([
  ...['title', 'description', 'default', 'examples', 'const', 'minimum', 'maximum', 'exclusiveMinimum'],
  ...[
    'exclusiveMaximum',
    'minLength',
    'maxLength',
    'minItems',
    'maxItems',
    'uniqueItems',
    'minProperties',
    'maxProperties',
  ],
]);
/** Removed, and described to the model. */
const told = new Set([
  ...[
    'format',
    'dependentRequired',
    'dependentSchemas',
    'dependencies',
    'minContains',
    'maxContains',
    'not',
    'if',
    'then',
  ],
  ...['else', 'unevaluatedProperties', 'unevaluatedItems', 'contentEncoding', 'contentMediaType', 'contentSchema'],
  ...['$dynamicRef', '$recursiveRef'],
]);

/**
 * A schema that every version of Claude Code and of the model API accepts, simplified from one that needs a full
 * validator. It accepts at least what the full one does: unsupported checks are removed, and so is what would become
 * stricter without them (`not`, `if`; `oneOf` becomes `anyOf`). What is removed is in the descriptions.
 */
export function reduceSchema(schema: JsonSchema): JsonSchema {
  return new Reduction(modern(schema)).whole();
}

class Reduction {
  readonly #references: References;
  readonly #names = new Map<unknown, string>();
  readonly #definitions = new Map<string, Node>();

  constructor(private readonly root: JsonSchema) {
    this.#references = new References(root);
  }

  whole(): JsonSchema {
    const own = this.#node(this.root);
    const only = Object.keys(own).length === 1 ? own['$ref'] : undefined;
    const target = typeof only === 'string' ? this.#definitions.get(only.replace('#/$defs/', '')) : undefined;
    const $defs = Object.fromEntries(this.#definitions);
    return this.#definitions.size === 0 ? own : { ...(target ?? own), $defs };
  }

  #node(node: unknown): Node {
    if (node === false) return { not: {} };
    if (!isRecord(node)) return {};
    const kept: Record<string, unknown> = {};
    const notes: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(node)) {
      Object.assign(kept, taken.has(key) ? { [key]: value } : this.#inner(key, value, node));
      if (told.has(key)) notes[key] = value;
    }
    return withNote({ ...kept, ...this.#items(node), ...this.#byPattern(node, notes) }, { ...notes, ...leftOut(node) });
  }

  /** The simplified form of a keyword that contains schemas, or applies only under some conditions. */
  #inner(key: string, value: unknown, node: Node): Node {
    switch (key) {
      case 'properties':
        return isRecord(value) ? { properties: this.#named(value) } : {};
      case 'propertyNames':
        return { propertyNames: this.#node(value) };
      case 'additionalProperties':
        return { additionalProperties: typeof value === 'boolean' ? value : this.#node(value) };
      case 'contains':
        return node['minContains'] === 0 ? {} : { contains: this.#node(value) };
      case 'anyOf':
      case 'allOf':
        return { [key]: this.#each(value) };
      case 'oneOf':
        return 'anyOf' in node ? {} : { anyOf: this.#each(value) };
      case 'enum':
      case 'required':
        return Array.isArray(value) ? { [key]: unique(value) } : {};
      case 'multipleOf':
        return Number.isInteger(value) ? { multipleOf: value } : {};
      case 'pattern':
        return fitsUnicode(value) ? { pattern: value } : {};
      case 'type':
        return { type: node['nullable'] === true ? unique([value, 'null'].flat()) : value };
      case '$ref':
        return this.#reference(String(value), node);
      case 'not':
        return value === true || (isRecord(value) && Object.keys(value).length === 0) ? { not: {} } : {};
      default:
        return {};
    }
  }

  #each(list: unknown): readonly Node[] {
    return Array.isArray(list) ? list.map((each) => this.#node(each)) : [];
  }

  #named(nodes: Node): Node {
    return Object.fromEntries(Object.entries(nodes).map(([name, each]) => [name, this.#node(each)]));
  }

  #reference(ref: string, node: Node): Node {
    const target = this.#references.find(node, ref);
    if (target === undefined) return {};
    const known = this.#names.get(target.node);
    if (known !== undefined) return { $ref: `#/$defs/${known}` };
    const taken = new Set(this.#names.values());
    const name = taken.has(target.name) ? `${target.name}-${String(taken.size)}` : target.name;
    this.#names.set(target.node, name);
    this.#definitions.set(name, this.#node(target.node));
    return { $ref: `#/$defs/${name}` };
  }

  /** The elements of an array: each element of a tuple may be what any of them may be. */
  #items(node: Node): Node {
    const tuple = tupleOf(node);
    if (tuple === undefined) return 'items' in node ? { items: this.#node(node['items']) } : {};
    const rest = restOfTuple(node);
    const kinds = unique([...tuple, ...(rest === false ? [] : [rest])].map((each) => this.#node(each)));
    const most = Math.min(tuple.length, typeof node['maxItems'] === 'number' ? node['maxItems'] : Infinity);
    return { items: kinds.length === 1 ? kinds[0] : { anyOf: kinds }, ...(rest === false ? { maxItems: most } : {}) };
  }

  /** Claude Code refuses patterns that match a named property. */
  #byPattern(node: Node, notes: Record<string, unknown>): Node {
    const { patternProperties, properties } = node;
    if (!isRecord(patternProperties)) return {};
    const names = isRecord(properties) ? Object.keys(properties) : [];
    const clear = Object.keys(patternProperties).every(
      (pattern) => fitsUnicode(pattern) && !names.some((name) => new RegExp(pattern, 'u').test(name)),
    );
    if (clear) return { patternProperties: this.#named(patternProperties) };
    notes['patternProperties'] = patternProperties;
    return { additionalProperties: true };
  }
}

/** Checks that are removed only in some forms. */
function leftOut(node: Node): Node {
  return {
    ...('pattern' in node && !fitsUnicode(node['pattern']) ? { pattern: node['pattern'] } : {}),
    ...('multipleOf' in node && !Number.isInteger(node['multipleOf']) ? { multipleOf: node['multipleOf'] } : {}),
    ...('oneOf' in node && 'anyOf' in node ? { oneOf: node['oneOf'] } : {}),
    ...(tupleOf(node) === undefined ? {} : { prefixItems: tupleOf(node) }),
  };
}

function unique<T>(list: readonly T[]): readonly T[] {
  return [...new Map(list.map((each) => [JSON.stringify(each), each])).values()];
}
