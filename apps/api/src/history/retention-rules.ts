import { isOver, jobStates, type OverState } from '@remuda/domain';

const overStates: readonly OverState[] = jobStates.filter((state): state is OverState => isOver(state));
const dayMs = 86_400_000;

/** Milliseconds by state, from a setting: a number of days for all states, or `state=days` for some, by commas. */
export function daysByState(text: string): Readonly<Partial<Record<OverState, number>>> {
  if (!text.includes('=')) return Object.fromEntries(overStates.map((state) => [state, daysIn(text)]));
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [name = '', days = ''] = part.trim().split('=');
      const state = overStates.find((one) => one === name);
      if (!state)
        throw new Error(`expected one of ${overStates.join(', ')} before =, got ${JSON.stringify(name.slice(0, 60))}`);
      return [state, daysIn(days)];
    }),
  );
}

function daysIn(text: string): number {
  const days = Number(text);
  if (text.trim() === '' || !(days >= 0 && days <= 36_500))
    throw new Error(`expected days from 0 to 36500, got ${JSON.stringify(text.slice(0, 60))}`);
  return days * dayMs;
}
