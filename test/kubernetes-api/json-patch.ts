import type { Json } from './object-store.js';
import { Refusal } from './refusal.js';

/** One step of a patch as RFC 6902 has it; those that Remuda sends. */
export interface PatchStep {
  readonly op: string;
  readonly path: string;
  readonly value?: Json;
}

/** Changes an object by all steps; refuses as the API server does where one can't be taken. */
export function applyPatch(object: Json, steps: readonly PatchStep[]): void {
  for (const { op, path, value } of steps) {
    const names = path.slice(1).split('/').map(unescaped);
    const last = names.pop() ?? '';
    let place = object as Record<string, Json> | undefined;
    for (const name of names) place = place?.[name] as Record<string, Json> | undefined;
    if (place === undefined) throw invalid(`there is no ${path}`);
    if (op === 'test' && place[last] !== value) throw invalid(`testing value ${path} failed`);
    else if (op === 'add') place[last] = value;
    else if (op === 'remove') Reflect.deleteProperty(place, last);
    else if (op !== 'test') throw invalid(`${op} is not known`);
  }
}

const unescaped = (name: string): string => name.replaceAll('~1', '/').replaceAll('~0', '~');
const invalid = (message: string): Refusal =>
  new Refusal(422, 'Invalid', `the server rejected our request due to an error in our request: ${message}`);
