import { isMet, type Figure, type LineReport } from './figure.js';
import type { Machine } from './machine.js';

/** A line of the benchmark with what it came to, or why it has no figures. */
export interface Outcome {
  readonly name: string;
  readonly about: string;
  readonly report: LineReport | { readonly failed: string };
}

/** A figure as one line of text. */
export function figureText(figure: Figure): string {
  const { value, unit, what } = figure;
  const shown = (n: number): string => `${round(n)}${unit === 'x' ? '' : ` ${unit}`}`.replace(' /s', '/s');
  const range =
    value.rounds > 1 ? `(${round(value.min)} to ${round(value.max)}, ${value.rounds} rounds)` : '(one round)';
  return [
    verdict(figure).padEnd(10),
    shown(value.median).padStart(11),
    range.padEnd(32),
    targetText(figure).padEnd(10),
    what,
  ]
    .join('  ')
    .trimEnd();
}

/** The whole outcome as a document. */
export function resultsText(machine: Machine, date: string, outcomes: readonly Outcome[]): string {
  const facts = Object.entries(machine).map(([name, value]) => `| ${name} | ${value} |`);
  return [
    '# Benchmark results',
    '',
    `Written by \`npm run bench\` on ${date}. Ratios compare two things that were measured in`,
    'this one run: each is the median of the rounds, with the smallest and the largest. What has a unit other than x is',
    'this machine’s own and there for information, unless it has a target.',
    '',
    '| machine | |',
    '|---|---|',
    ...facts,
    ...outcomes.flatMap(section),
    '',
  ].join('\n');
}

function section({ name, about, report }: Outcome): string[] {
  const head = ['', `## ${name}`, '', about, ''];
  if ('failed' in report) return [...head, `Not measured: ${report.failed}`];
  const rows = report.figures.map((figure) => {
    const { value, unit, what } = figure;
    const cells = [
      what,
      `**${round(value.median)}**${unit === 'x' ? '' : ` ${unit}`}`,
      value.rounds > 1 ? `${round(value.min)} - ${round(value.max)}` : '',
      value.rounds,
      targetText(figure),
      verdict(figure),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const table = ['| | median | min - max | rounds | target | |', '|---|---|---|---|---|---|', ...rows];
  return [...head, ...(rows.length > 0 ? table : []), ...report.notes.flatMap((note) => ['', `- ${note}`])];
}

/** `met`, `NOT MET`, or nothing where there is no target. */
function verdict(figure: Figure): string {
  const met = isMet(figure);
  return met === undefined ? '' : met ? 'met' : 'NOT MET';
}

function targetText({ target }: Figure): string {
  if (target === undefined) return '';
  return 'atMost' in target ? `<= ${round(target.atMost)}` : `>= ${round(target.atLeast)}`;
}

/** Three digits that count. */
function round(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return value.toFixed(Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3);
}
