import { execFileSync } from 'node:child_process';
import { satisfies } from 'semver';
import { expect, test } from 'vitest';
import { readDocument, root } from './documents/document.js';

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

test('no file that holds credentials can be committed by accident', () => {
  const git = (...args: readonly string[]): readonly string[] =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const places = ['.env', '.env.local', 'docker/.env.production'];
  expect(git('check-ignore', ...places)).toEqual(places);
  const known = git('ls-files').filter((name) => /(^|\/)\.env|\.pem$|id_(rsa|ed25519)/.test(name));
  expect(known).toEqual(['docker/.env']);
  // it gives a name, and is none for credentials
  const settings = readDocument('docker/.env').split('\n');
  expect(settings.filter((line) => line && !line.startsWith('#'))).toEqual(['COMPOSE_PROJECT_NAME=remuda']);
});
