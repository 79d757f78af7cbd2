import { expect, test } from 'vitest';
import { listenerOfPath, readProof, writeProof } from './over-tcp.js';

test('a proof comes back as it was written', () => {
  const proof = { worker: 'w-default-1', credential: 'a:b-_=' };
  expect(readProof(writeProof(proof))).toEqual(proof);
});

test.each([
  '',
  'Basic',
  'Basic ',
  'Basic !!!!',
  'Bearer abc',
  `Basic ${Buffer.from('nobody').toString('base64')}`,
  `Basic ${Buffer.from(':secret').toString('base64')}`,
  `Basic ${Buffer.from('w-1:').toString('base64')}`,
  `Basic ${'A'.repeat(2_000)}`,
])('%j is no proof', (header) => {
  expect(readProof(header)).toBeUndefined();
});

test('paths name the listeners that there are, and no other', () => {
  expect(['model', 'git', 'snapshot', 'redis'].map((name) => listenerOfPath(`/listeners/${name}`))).toEqual([
    'model',
    'git',
    'snapshot',
    'redis',
  ]);
  for (const path of ['', '/', '/listeners', '/listeners/', '/listeners/model/', '/listeners/toString', '/model'])
    expect(listenerOfPath(path)).toBeUndefined();
});
