import { getMetadataStorage } from 'class-validator';
import { fieldsOf } from './fields.js';

type Rule = (value: unknown, object: object) => boolean;

/** The rules of one field, and whether they count for a value at all. */
interface Field {
  readonly counts: readonly Rule[];
  readonly rules: readonly Rule[];
}

/**
 * Makes of a class's own rules a test that is true only of inputs that break none of them, at a small part of what
 * class-validator takes to say so: its rules are looked up once, and no object is made. Whatever it can't tell (lists,
 * objects with a class of their own, rules that have to wait) it gives up on: false says nothing, and class-validator has
 * to tell what is wrong, if anything is. Not for classes that change a value as they read it.
 */
export function quickLook(dto: new () => object): (input: object) => boolean {
  const fields = rulesOf(dto);
  const all = [...fields.values()];
  const names = [...fields.keys()];
  return (input) => {
    for (const name of Object.keys(input)) if (!fields.has(name)) return false;
    return all.every(({ counts, rules }, i) => {
      const value: unknown = (input as Record<string, unknown>)[names[i] ?? ''];
      return !counts.every((rule) => rule(value, input)) || rules.every((rule) => rule(value, input));
    });
  };
}

function rulesOf(dto: new () => object): ReadonlyMap<string, Field> {
  const known = fieldsOf(dto);
  const storage = getMetadataStorage();
  const all = storage.getTargetValidationMetadatas(dto, '', false, false);
  const fields = new Map<string, Field>();
  for (const [name, metadatas] of Object.entries(storage.groupByPropertyName(all))) {
    const conditions = metadatas.filter(({ type }) => type === 'conditionalValidation');
    fields.set(name, {
      counts: conditions.map(({ constraints }) => conditionOf(constraints)),
      rules: known.classOf(name) ? [never] : metadatas.filter((each) => !conditions.includes(each)).map(ruleOf),
    });
  }
  return fields;
}

const never: Rule = () => false;

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

function conditionOf([condition]: readonly unknown[]): Rule {
  return (value, object) => (condition as (object: object, value: unknown) => boolean)(object, value);
}

function ruleOf({ type, each, constraintCls, constraints, propertyName }: Metadata): Rule {
  if (type !== 'customValidation' || each) return never;
  const own = getMetadataStorage().getTargetValidatorConstraints(constraintCls);
  return (value, object) => {
    const at = { value, object, constraints, property: propertyName, targetName: '' };
    return own.every(({ instance }) => instance.validate(value, at) === true);
  };
}
