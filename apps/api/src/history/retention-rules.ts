import { auditKinds, isOver, jobStates, type AuditKind, type OverState } from '@remuda/domain';

const overStates: readonly OverState[] = jobStates.filter((state): state is OverState => isOver(state));
const dayMs = 86_400_000;

/** Milliseconds by state, from a setting: a number of days for all states, or `state=days` for some, by commas. */
export function daysByState(text: string): Readonly<Partial<Record<OverState, number>>> {
  return daysBy(overStates, text);
}

/** The same of the audit log, by kind. */
export function daysByKind(text: string): Readonly<Partial<Record<AuditKind, number>>> {
  return daysBy(auditKinds, text);
}

function daysBy<K extends string>(names: readonly K[], text: string): Readonly<Partial<Record<K, number>>> {
  const pairs = text.includes('=')
    ? text.split(',').map((part) => pairIn(names, part))
    : names.map((name) => [name, daysIn(text)]);
  return Object.fromEntries(pairs) as Partial<Record<K, number>>;
}

function pairIn(names: readonly string[], part: string): readonly [string, number] {
  const [name = '', days = ''] = part.trim().split('=');
  if (!names.includes(name))
    throw new Error(`expected one of ${names.join(', ')} before =, got ${JSON.stringify(name.slice(0, 60))}`);
  return [name, daysIn(days)];
}

function daysIn(text: string): number {
  const days = Number(text);
  if (text.trim() === '' || !(days >= 0 && days <= 36_500))
    throw new Error(`expected days from 0 to 36500, got ${JSON.stringify(text.slice(0, 60))}`);
  return days * dayMs;
}
