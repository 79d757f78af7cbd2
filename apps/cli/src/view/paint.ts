import picocolors from 'picocolors';
import type { Output, Surroundings } from '../surroundings.js';

/** Colours for what is written to one output; none where it is no terminal, or NO_COLOR is set. */
export type Paint = ReturnType<typeof picocolors.createColors>;

export function paintFor(output: Output, env: Surroundings['env']): Paint {
  const wanted = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  const colours = wanted || (output.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb');
  return picocolors.createColors(colours);
}
