import { families, plainName, readModelName } from './model-name.js';

/** Names by which Claude Code takes whatever model of these families is the newest. */
const aliases = new Map<string, readonly string[]>([
  ...families.map((family) => [family, [family]] as const),
  ['opusplan', ['opus', 'sonnet']],
  ['default', families],
  ['best', families],
]);

/** Whether a request for the model `asked` is one for a model that is allowed: the same, or one of a family that an alias allows. */
export function allowsModel(allowed: readonly string[], asked: string): boolean {
  const sought = plainName(asked);
  const family = readModelName(asked)?.family;
  return allowed
    .map(plainName)
    .some((one) => one === sought || (family !== undefined && aliases.get(one)?.includes(family)));
}
