import { expect, test } from 'vitest';
import { isBroken, isTrouble } from './git-trouble.js';

test.each([
  "fatal: unable to access 'https://h/x/': Could not resolve host: h",
  "fatal: unable to access 'https://h/x/': Failed to connect to h port 443 after 1 ms: Couldn't connect to server",
  "fatal: unable to access 'https://h/x/': The requested URL returned error: 503",
  'error: RPC failed; curl 56 GnuTLS recv error (-9)\nfatal: early EOF',
  'fatal: unable to connect to 127.0.0.1:\n127.0.0.1[0: 127.0.0.1]: errno=Connection refused',
  'ssh: connect to host h port 22: Connection timed out\nfatal: Could not read from remote repository.',
  'fatal: the remote end hung up unexpectedly',
  'fatal: write error: No space left on device',
  'fatal: early EOF\nfatal: fetch-pack: invalid index-pack output\nfatal: index-pack failed',
])('may go well another time: %s', (words) => {
  expect(isTrouble(words)).toBe(true);
  expect(isBroken(words)).toBe(false);
});

test.each([
  "remote: Repository not found.\nfatal: repository 'https://h/x/' not found",
  'fatal: Authentication failed for',
  "fatal: could not read Username for 'https://h': terminal prompts disabled",
  "fatal: couldn't find remote ref x",
  'git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.',
  "fatal: unable to access 'https://h/x/': The requested URL returned error: 403",
])('would end the same way again: %s', (words) => {
  expect(isTrouble(words)).toBe(false);
  expect(isBroken(words)).toBe(false);
});

test.each([
  "error: cannot lock ref 'refs/heads/main': Unable to create '/m/x.git/refs/heads/main.lock': File exists.",
  'error: object file ./objects/ab/cd is empty\nfatal: loose object abcd (stored in ./objects/ab/cd) is corrupt',
  'error: inflate: data stream error (incorrect header check)',
  'fatal: pack has 3 unresolved deltas',
  'fatal: not a git repository (or any of the parent directories): .git',
  'fatal: bad object refs/heads/main',
])('is of a mirror that is broken: %s', (words) => {
  expect(isBroken(words)).toBe(true);
});
