import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveClaude } from '@remuda/engine';
import { isMet, type Line } from './figure.js';
import { lines } from './lines.js';
import { lookAtMachine } from './machine.js';
import { figureText, resultsText, type Outcome } from './report.js';

const results = join(import.meta.dirname, '../RESULTS.md');

async function main(asked: readonly string[]): Promise<number> {
  const unknown = asked.filter((name) => !lines.some((line) => line.name === name));
  if (unknown.length > 0) {
    console.error(`bench: no line is called ${unknown.join(', ')}; there are ${lines.map((l) => l.name).join(', ')}`);
    return 2;
  }
  const outcomes: Outcome[] = [];
  for (const line of lines) if (asked.length === 0 || asked.includes(line.name)) outcomes.push(await runLine(line));
  if (asked.length === 0) {
    const machine = await lookAtMachine(resolveClaude(import.meta.dirname));
    await writeFile(results, resultsText(machine, new Date().toISOString().slice(0, 10), outcomes));
    console.log('\nwritten to bench/RESULTS.md');
  }
  const figures = outcomes.flatMap(({ report }) => ('failed' in report ? [] : report.figures));
  const missed = figures.filter((figure) => isMet(figure) === false).length;
  const failed = outcomes.filter(({ report }) => 'failed' in report).length;
  console.log(`\n${figures.filter(isMet).length} targets met, ${missed} not met, ${failed} lines without figures`);
  return failed === 0 ? 0 : 1;
}

async function runLine({ name, about, run }: Line): Promise<Outcome> {
  console.log(`\n${name}: ${about}`);
  const dir = await mkdtemp('/tmp/remuda-bench-');
  const began = performance.now();
  const say = (line: string): void => {
    console.log(`  · ${line}`);
  };
  try {
    const report = await run({ env: process.env, dir, say });
    for (const figure of report.figures) console.log(`  ${figureText(figure)}`);
    for (const note of report.notes) console.log(`  - ${note}`);
    say(`${Math.round((performance.now() - began) / 1_000)} s`);
    return { name, about, report };
  } catch (error) {
    const failed = error instanceof Error ? error.message : String(error);
    console.error(error);
    return { name, about, report: { failed } };
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

process.exitCode = await main(process.argv.slice(2));
