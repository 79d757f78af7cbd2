#!/usr/bin/env node
// npm run check: every check that needs nothing but the dependencies, in the order in which faults are cheapest to
// find and to mend. Stops at the first that fails. `npm run check -- lint types` runs only those.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** What is run, by name, in order. */
const checks = {
  format: ['prettier', '--check', '--log-level', 'warn', '.'],
  lint: ['eslint', '--max-warnings', '0', '.'],
  types: ['tsc', '-b'],
  boundaries: ['depcruise', '--config', '.dependency-cruiser.cjs', 'libs', 'apps', 'test', 'bench'],
  'dead-code': ['knip'],
  unit: ['vitest', 'run', '--project', 'unit', '--project', 'simulation'],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in checks));
if (unknown.length > 0) {
  console.error(`check: no check is called ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}`);
  process.exit(2);
}

for (const [name, [tool, ...args]] of Object.entries(checks)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`check: ${name} (${[tool, ...args].join(' ')})`);
  const began = performance.now();
  const { status, error } = spawnSync(join(root, 'node_modules/.bin', tool), args, { cwd: root, stdio: 'inherit' });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (status !== 0) {
    console.error(`check: ${name} FAILED after ${seconds} s${error ? `: ${error.message}` : ''}`);
    process.exit(1);
  }
  console.log(`check: ${name} ok, ${seconds} s`);
}
