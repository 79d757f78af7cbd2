import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { getMetadataStorage } from 'class-validator';

/** The class of an input, or of a part of one. */
export type Dto<T extends object = object> = new () => T;
type ClassOf = (value: Readonly<Record<string, unknown>>) => Dto;
type Change = (value: unknown) => unknown;

const inner = new WeakMap<object, Map<string, ClassOf>>();
const changes = new WeakMap<object, Map<string, Change>>();
const optional = new WeakMap<object, Map<string, true>>();
const defaults = new WeakMap<object, Map<string, unknown>>();

/** Marks a field that may be absent; its rules count only where it is given. `null` is not absent. */
export const Given = (): PropertyDecorator => applyDecorators(mark(optional, true), ApiPropertyOptional());

/** Marks a field that may be absent, and has this value then: `readDto` puts it there. */
export const Default = (value: unknown): PropertyDecorator =>
  applyDecorators(Given(), ApiPropertyOptional({ default: value }), mark(defaults, value));

/** Marks a field whose object has a class of its own, which may depend on what it holds. */
export const Inner = (classOf: ClassOf): PropertyDecorator => mark(inner, classOf);

/** Marks a field whose value is changed before its rules are asked. */
export const Changed = (change: Change): PropertyDecorator => mark(changes, change);

function mark<V>(marks: WeakMap<object, Map<string, V>>, value: V): PropertyDecorator {
  return (prototype, name) => {
    const own = marks.get(prototype) ?? new Map<string, V>();
    marks.set(prototype, own.set(String(name), value));
  };
}

/** What an input of a class may have. */
export interface Fields {
  readonly names: ReadonlySet<string>;
  /** Names of those that may not be absent. */
  readonly required: readonly string[];
  classOf(name: string): ClassOf | undefined;
  changeOf(name: string): Change | undefined;
  /** What absent fields have, by their names. */
  readonly defaults: Readonly<Record<string, unknown>>;
}

const known = new WeakMap<Dto, Fields>();

/** The fields of a class, those of the classes that it extends included: what has a rule, or may be absent, is a field. */
export function fieldsOf(dto: Dto): Fields {
  const fields = known.get(dto) ?? lookUp(dto);
  known.set(dto, fields);
  return fields;
}

function lookUp(dto: Dto): Fields {
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  const lineage: object[] = [];
  for (let at = dto.prototype as object | null; at !== null; at = Object.getPrototypeOf(at) as object | null)
    lineage.push(at);
  const find = <V>(marks: WeakMap<object, Map<string, V>>, name: string): V | undefined =>
    lineage.map((prototype) => marks.get(prototype)?.get(name)).find((value) => value !== undefined);
  const marked = lineage.flatMap((prototype) => [...(optional.get(prototype)?.keys() ?? [])]);
  const names = new Set([...rules.map(({ propertyName }) => propertyName), ...marked]);
  const known = [...names].map((name) => [name, find(defaults, name)] as const);
  return {
    names,
    required: [...names].filter((name) => !marked.includes(name)),
    defaults: Object.fromEntries(known.filter(([, value]) => value !== undefined)),
    classOf: (name) => find(inner, name),
    changeOf: (name) => find(changes, name),
  };
}
