import type { Recovery, Report, Row, Spread } from './report.js';

/** The report as text for a terminal. */
export function tableOf({ rows, recovery, findings, slow }: Report): string {
  return [
    ...rows.map(rowText),
    '',
    recoveryHead,
    ...recovery.map(recoveryText),
    ...slow.map((s) => `~ ${s}`),
    ...findings.map((f) => `! ${f}`),
  ].join('\n');
}

function rowText({ name, value, must, about }: Row): string {
  const kept = must === undefined || (must === 'be 0' ? value === 0 : value > 0);
  const note = must === undefined ? (about ?? '') : kept ? `must ${must}: it is so` : `MUST ${must.toUpperCase()}`;
  return `${name.padEnd(34)}${String(value).padStart(8)}  ${note}`.trimEnd();
}

const recoveryHead = `${'recovery after, s'.padEnd(26)}${[' faults', 'any job', 'max', 'its job', 'max'].map((word) => word.padStart(9)).join('')}`;

function recoveryText({ kind, count, next, own }: Recovery): string {
  const cells = [String(count), ...shown(next), ...shown(own)];
  return `${kind.padEnd(26)}${cells.map((cell) => cell.padStart(9)).join('')}`;
}

function shown({ median, max }: Spread): readonly [string, string] {
  const seconds = (ms: number | undefined): string => (ms === undefined ? '-' : (ms / 1_000).toFixed(2));
  return [seconds(median), seconds(max)];
}
