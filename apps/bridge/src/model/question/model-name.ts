/** Families of models, as their names have them. */
export const families = ['haiku', 'sonnet', 'opus', 'fable', 'mythos'] as const;

/** A family of models. */
export type Family = (typeof families)[number];

/** A model's name, taken apart. */
export interface ModelName {
  readonly family: Family;
  /** `4-5`, `5`; '' where the name has none. */
  readonly version: string;
}

/** Without the size of its context, which goes in a header, and without the day of its release. */
export const plainName = (name: string): string => name.replace(/\[[^\]]*\]$/, '').replace(/-(\d{8}|latest)$/, '');

/** `claude-sonnet-4-5`, and `claude-3-5-haiku` as names were once made: one family, one version, nothing besides. */
const shape = new RegExp(`^claude-(?:(\\d+(?:-\\d+)?)-)?(${families.join('|')})(?:-(\\d+(?:-\\d+)?))?$`);

/** Reads a model's name as the vendor makes them; undefined for any other, like one that only holds the name of a family. */
export function readModelName(name: string): ModelName | undefined {
  const [, before, family, after] = shape.exec(plainName(name)) ?? [];
  if (family === undefined || (before !== undefined && after !== undefined)) return undefined;
  return { family: family as Family, version: after ?? before ?? '' };
}
