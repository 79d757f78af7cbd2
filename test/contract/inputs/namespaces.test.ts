import { expect, test } from 'vitest';
import { apiSettings } from '../../../apps/api/src/settings.js';
import { bridgeSettings } from '../../../apps/bridge/src/settings.js';
import { localSettings } from '../../../apps/local/src/settings.js';
import { schedulerSettings } from '../../../apps/scheduler/src/settings.js';
import { workerSettings } from '../../../apps/worker/src/settings.js';

const tables = { apiSettings, bridgeSettings, localSettings, schedulerSettings, workerSettings };

const taken = (parse: (value: string) => string, value: string): boolean => {
  try {
    return parse(value) === value;
  } catch {
    return false;
  }
};

test.each([
  ['remuda', true],
  ['a'.repeat(30), true],
  ['a'.repeat(31), false],
  ['a'.repeat(40), false],
  ['Remuda', false],
  ['a}b', false],
  ['a:b', false],
  ['a b', false],
])('every app says the same of the namespace %j', (namespace, fits) => {
  const said = Object.entries(tables).map(([app, table]) => [app, taken(table.namespace.parse, namespace)]);
  expect(said).toEqual(Object.keys(tables).map((app) => [app, fits]));
});
