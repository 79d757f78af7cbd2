import { families, plainName, readModelName } from './model-name.js';

/** Aliases for which Claude Code uses the newest model of a family. */
const aliases = new Map<string, readonly string[]>([
  ...families.map((family) => [family, [family]] as const),
  ['opusplan', ['opus', 'sonnet']],
  ['default', families],
  ['best', families],
]);

/** Whether the model `asked` is allowed: by its name, or by the alias of its family. */
export function allowsModel(allowed: readonly string[], asked: string): boolean {
  const sought = plainName(asked);
  const family = readModelName(asked)?.family;
  return allowed
    .map(plainName)
    .some((one) => one === sought || (family !== undefined && aliases.get(one)?.includes(family)));
}
