import { expect, test } from 'vitest';
import { buildStep } from './worker-image.js';

test.each([
  ['worker: building remuda-worker:0.1.0-abc', 'building remuda-worker:0.1.0-abc'],
  ['worker: built in 61.2 s', 'built in 61.2 s'],
  ['Step 3/12 : RUN set -eu;   if [ ! -f claude ]', 'step 3/12, RUN'],
  ['#7 [stage-1 2/6] RUN apt-get update', 'step 2/6, RUN'],
  ['#5 [1/4] FROM docker.io/library/node', 'step 1/4, FROM'],
])('a build says how far it is: %s', (line, step) => {
  expect(buildStep(line)).toBe(step);
});

test.each(['worker: remuda-worker:0.1.0-abc is there already', ' ---> Running in 0123', '#7 12.3 Get:1 bookworm'])(
  'and keeps the rest to itself: %s',
  (line) => {
    expect(buildStep(line)).toBeUndefined();
  },
);
