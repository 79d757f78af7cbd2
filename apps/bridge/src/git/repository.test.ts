import { expect, test } from 'vitest';
import { defaultBranch, mirrorName, ownRefspec, withoutPasswords } from './repository.js';

test('branches and tags come with every fetch; other refs and commit ids need a refspec of their own', () => {
  const id = 'a'.repeat(40);
  expect(ownRefspec('main')).toBeUndefined();
  expect(ownRefspec('refs/heads/main')).toBeUndefined();
  expect(ownRefspec('refs/tags/v1')).toBeUndefined();
  expect(ownRefspec('refs/pull/7/head')).toBe('+refs/pull/7/head:refs/pull/7/head');
  expect(ownRefspec(id)).toBe(`+${id}:refs/remuda/${id}`);
  expect(ownRefspec('--upload-pack=x')).toBeUndefined();
  expect(ownRefspec('refs/x:refs/heads/main')).toBeUndefined();
});

test('reads the default branch, where HEAD is one', () => {
  expect(defaultBranch('ref: refs/heads/trunk\tHEAD\n0123\tHEAD\n')).toBe('refs/heads/trunk');
  expect(defaultBranch('0123\tHEAD\n')).toBeUndefined();
});

test('hides users and passwords of URLs, and leaves the rest readable', () => {
  expect(withoutPasswords("unable to access 'https://me:pw@host/x.git/': no")).toBe(
    "unable to access 'https://host/x.git/': no",
  );
  expect(withoutPasswords('look up u:p@host (port 1)')).toBe('look up host (port 1)');
  expect(withoutPasswords('https://token@host/x')).toBe('https://host/x');
  expect(withoutPasswords('git@github.com: Permission denied')).toBe('git@github.com: Permission denied');
});

test('names a mirror by its URL without showing it', () => {
  expect(mirrorName('https://a:b@c/d')).toMatch(/^[0-9a-f]{64}\.git$/);
});
