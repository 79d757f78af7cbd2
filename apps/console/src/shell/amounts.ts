/** An amount of US dollars: four digits below a dollar, two from there on. */
export const dollars = (amount: number): string =>
  amount === 0 ? '$0' : `$${amount.toFixed(Math.abs(amount) < 1 ? 4 : 2)}`;

/** A day and time as this person writes them. */
export const moment = (iso: string): string =>
  new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A number with its thousands apart. */
export const count = (amount: number): string => amount.toLocaleString('en');

/** A duration for a person: `850 ms`, `12.3 s`, `4 min 10 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, ms).toFixed(0)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How long ago something was, as coarse as a list has it: `now`, `12 s ago`, `4 min ago`, `3 h ago`, `2 d ago`. */
export function ago(ms: number): string {
  if (ms < 2_000) return 'now';
  if (ms < 60_000) return `${Math.floor(ms / 1_000)} s ago`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ago`;
  return `${Math.floor(ms / 86_400_000)} d ago`;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A number of bytes for a person, in steps of 1,000: `812 B`, `3.4 MB`. */
export function bytes(amount: number): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(1, amount)) / 3), units.length - 1);
  return `${(amount / 1_000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step] ?? ''}`;
}
