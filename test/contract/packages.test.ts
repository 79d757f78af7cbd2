import { satisfies } from 'semver';
import { expect, test } from 'vitest';
import { readDocument } from './documents/document.js';

interface LockEntry {
  readonly version?: string;
  readonly engines?: { readonly node?: string };
}

const { packages } = JSON.parse(readDocument('package-lock.json')) as {
  packages: Readonly<Record<string, LockEntry>>;
};
const { engines } = JSON.parse(readDocument('package.json')) as { engines: { node: string } };

test('every package supports the oldest Node that we support', () => {
  const oldest = `${engines.node.replace('>=', '')}.0`;
  expect(oldest).toBe('20.19.0');
  const refusing = Object.entries(packages).filter(([, { engines: wants }]) => !satisfies(oldest, wants?.node ?? '*'));
  expect(Object.keys(packages).length).toBeGreaterThan(300);
  expect(refusing.map(([path, { version, engines: wants }]) => [path, version, wants?.node])).toEqual([]);
});

test('no package runs a script of its own when it is installed', () => {
  expect(readDocument('.npmrc').split('\n')).toContain('ignore-scripts=true');
});

test('the licence that is named is there', () => {
  const { license } = JSON.parse(readDocument('package.json')) as { license: string };
  expect(readDocument('LICENSE')).toContain(`${license} License`);
});
