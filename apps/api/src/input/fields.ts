import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional, PickType } from '@nestjs/swagger';
import { getMetadataStorage } from 'class-validator';

/** The class of an input, or of a part of one. */
export type Dto<T extends object = object> = new () => T;
type ClassOf = (value: Readonly<Record<string, unknown>>) => Dto;
type Change = (value: unknown) => unknown;

const inner = new WeakMap<object, Map<string, ClassOf>>();
const changes = new WeakMap<object, Map<string, Change>>();
const optional = new WeakMap<object, Map<string, true>>();
const defaults = new WeakMap<object, Map<string, unknown>>();

/** Marks an optional field; its rules apply only if it is present. `null` counts as present. */
export const Given = (): PropertyDecorator => applyDecorators(mark(optional, true), ApiPropertyOptional());

/** Marks an optional field with a default, which `readDto` fills in. */
export const Default = (value: unknown): PropertyDecorator =>
  applyDecorators(Given(), ApiPropertyOptional({ default: value }), mark(defaults, value));

/** Marks a field whose object has its own class, which may depend on its content. */
export const Inner = (classOf: ClassOf): PropertyDecorator => mark(inner, classOf);

/** Marks a field whose value is transformed before its rules apply. */
export const Changed = (change: Change): PropertyDecorator => mark(changes, change);

function mark<V>(marks: WeakMap<object, Map<string, V>>, value: V): PropertyDecorator {
  return (prototype, name) => {
    const own = marks.get(prototype) ?? new Map<string, V>();
    marks.set(prototype, own.set(String(name), value));
  };
}

/** A class of input with some fields of another one, and their rules and defaults. */
export function picked<T extends object, K extends keyof T & string>(
  dto: Dto<T>,
  names: readonly K[],
): Dto<Pick<T, K>> {
  const part = PickType(dto, names) as Dto<Pick<T, K>>;
  const copy = <V>(marks: WeakMap<object, Map<string, V>>): void => {
    const all = [...(marks.get(dto.prototype as object) ?? [])];
    const own = all.filter(([name]) => names.some((each) => each === name));
    marks.set(part.prototype as object, new Map(own));
  };
  copy(inner);
  copy(changes);
  copy(optional);
  copy(defaults);
  return part;
}

/** The fields of a class of input. */
export interface Fields {
  readonly names: ReadonlySet<string>;
  /** Names of the required ones. */
  readonly required: readonly string[];
  classOf(name: string): ClassOf | undefined;
  changeOf(name: string): Change | undefined;
  /** Defaults of absent fields, by name. */
  readonly defaults: Readonly<Record<string, unknown>>;
}

const known = new WeakMap<Dto, Fields>();

/** The fields of a class, including inherited ones: every property with a rule, or that is optional. */
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
