/** An amount of US dollars: four digits below a dollar, two from there on. */
export const dollars = (amount: number): string => `$${amount.toFixed(Math.abs(amount) < 1 ? 4 : 2)}`;

/** A duration for a person: `850 ms`, `12.3 s`, `4 min 10 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${ms.toFixed(0)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A number of bytes for a person, in steps of 1,000: `812 B`, `3.4 MB`. */
export function size(bytes: number): string {
  const step = Math.min(Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)), units.length - 1);
  return `${(bytes / 1_000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step] ?? ''}`;
}
