/** Families of models, as they appear in their names. */
export const families = ['haiku', 'sonnet', 'opus', 'fable', 'mythos'] as const;

/** A family of models. */
export type Family = (typeof families)[number];

/** The parts of a model's name. */
export interface ModelName {
  readonly family: Family;
  /** `4-5`, `5`; '' if the name has none. */
  readonly version: string;
}

/** Without the context size, which is sent in a header, and without the release date. */
export const plainName = (name: string): string => name.replace(/\[[^\]]*\]$/, '').replace(/-(\d{8}|latest)$/, '');

/** `claude-sonnet-4-5`, or `claude-3-5-haiku` in the old form: one family, one version, nothing else. */
const shape = new RegExp(`^claude-(?:(\\d+(?:-\\d+)?)-)?(${families.join('|')})(?:-(\\d+(?:-\\d+)?))?$`);

/**
 * Parses a model's name in the vendor's format; undefined for any other, such as one that only contains the name of a
 * family.
 */
export function readModelName(name: string): ModelName | undefined {
  const [, before, family, after] = shape.exec(plainName(name)) ?? [];
  if (family === undefined || (before !== undefined && after !== undefined)) return undefined;
  return { family: family as Family, version: after ?? before ?? '' };
}
