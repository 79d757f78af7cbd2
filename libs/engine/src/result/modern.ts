import type { JsonSchema } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';

type Node = Readonly<Record<string, unknown>>;

const maps = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies']);
const lists = new Set(['anyOf', 'allOf', 'oneOf', 'prefixItems', 'items']);
const singles = new Set([
  ...['items', 'additionalItems', 'additionalProperties', 'propertyNames', 'contains', 'not', 'if', 'then', 'else'],
  ...['unevaluatedItems', 'unevaluatedProperties', 'contentSchema'],
]);

/**
 * The same schema without the constructs of older drafts and OpenAPI 3.0 that libraries write and no checker accepts: a
 * boolean `exclusiveMinimum`, `nullable` without a type, a tuple without items, an `id`.
 */
export function modern(schema: JsonSchema): JsonSchema {
  return inModernWords(mapInner(schema));
}

function modernNode(node: unknown): unknown {
  return isRecord(node) ? modern(node) : node;
}

function mapInner(schema: Node): Node {
  const entries = Object.entries(schema).map(([key, value]) => {
    if (maps.has(key) && isRecord(value)) return [key, mapValues(value)] as const;
    if (lists.has(key) && Array.isArray(value)) return [key, value.map(modernNode)] as const;
    return [key, singles.has(key) ? modernNode(value) : value] as const;
  });
  return Object.fromEntries(entries);
}

function mapValues(nodes: Node): Node {
  return Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, modernNode(node)]));
}

function inModernWords({ id, ...schema }: Node): Node {
  const named = typeof id === 'string' ? schema : { ...schema, ...(id === undefined ? {} : { id }) };
  return withNull(
    withoutEmptyTuple(withBound(withBound(named, 'minimum', 'exclusiveMinimum'), 'maximum', 'exclusiveMaximum')),
  );
}

/** `minimum: 0, exclusiveMinimum: true` is `exclusiveMinimum: 0`. */
function withBound(schema: Node, bound: string, exclusive: string): Node {
  const { [bound]: value, [exclusive]: isExclusive, ...rest } = schema;
  if (typeof isExclusive !== 'boolean') return schema;
  if (value === undefined) return rest;
  return { ...rest, [isExclusive ? exclusive : bound]: value };
}

function withoutEmptyTuple(schema: Node): Node {
  const place = ['prefixItems', 'items'].find((key) => isEmptyList(schema[key]));
  if (place === undefined) return schema;
  const { [place]: _none, additionalItems, ...rest } = schema;
  const others = place === 'items' ? additionalItems : rest['items'];
  if (others === undefined) return rest;
  return others === false ? { ...without(rest, 'items'), maxItems: 0 } : { ...rest, items: others };
}

function withNull(schema: Node): Node {
  if (schema['nullable'] !== true || 'type' in schema) return schema;
  return { anyOf: [without(schema, 'nullable'), { type: 'null' }] };
}

function without(schema: Node, key: string): Node {
  return Object.fromEntries(Object.entries(schema).filter(([each]) => each !== key));
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
