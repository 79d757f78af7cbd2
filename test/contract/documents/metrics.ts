import { spawnSync } from 'node:child_process';
import { readDocument, sections, tableRows } from './document.js';

/** A figure as docs/runbook.md has it. */
export interface DocumentedFigure {
  readonly name: string;
  readonly app: string;
  readonly labels: readonly string[];
}

/** The figures that docs/runbook.md promises. */
export function documentedFigures(): readonly DocumentedFigure[] {
  const rows = tableRows(sections(readDocument('docs/runbook.md'), 2).get('Figures') ?? '');
  return rows.map(([name = '', app = '', labels = '']) => ({ name, app, labels: labels.split(', ').filter(Boolean) }));
}

/** The names of our own figures in a text as Prometheus reads it, by their HELP lines. */
export function figuresIn(text: string): readonly string[] {
  return [...text.matchAll(/^# HELP (remuda_\w+)/gm)].map(([, name = '']) => name).sort();
}

/** Whether Prometheus's own tool is installed (Debian's package prometheus). */
export const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** What Prometheus's own check finds wrong with a text; empty where nothing is. */
export function promtoolFaults(text: string): string {
  const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  return stdout + stderr;
}
