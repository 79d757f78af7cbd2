import { attacks, type Attack } from './catalogue.js';
import type { Verdict } from './verdict.js';

const word = ({ known }: Attack, verdict: Verdict | undefined): string => {
  if (verdict === undefined) return 'NOT TRIED';
  if (verdict.held) return 'held';
  return known === undefined ? 'NOT HELD' : 'not held (known)';
};

/** A row for each attack: whether the wall held, and what was seen. */
export function table(verdicts: ReadonlyMap<string, Verdict>): string {
  const rows = attacks.map((attack) => {
    const verdict = verdicts.get(attack.id);
    return `${word(attack, verdict).padEnd(17)} ${attack.id.padEnd(31)} ${verdict?.evidence ?? ''}`;
  });
  return rows.join('\n');
}

/** How many of all held, in one line. */
export function summary(verdicts: ReadonlyMap<string, Verdict>): string {
  const words = attacks.map((attack) => word(attack, verdicts.get(attack.id)));
  const count = (sought: string): number => words.filter((each) => each === sought).length;
  const left = words.filter((each) => each === 'NOT TRIED').length;
  return `hostile: ${attacks.length} attacks, ${count('held')} held, ${count('NOT HELD')} not held, ${count('not held (known)')} known not to hold, ${left} not tried`;
}
