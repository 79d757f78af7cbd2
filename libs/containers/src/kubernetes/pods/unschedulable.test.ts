import { expect, test } from 'vitest';
import { whyUnschedulable } from './unschedulable.js';

const after = ' preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod. Insufficient cpu';

test.each([
  ['0/3 nodes are available: 1 Insufficient cpu, 2 Insufficient memory.', 'cpu'],
  ['0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient memory.', 'memory'],
  ['0/3 nodes are available: 3 Insufficient ephemeral-storage.', 'storage'],
  ['0/3 nodes are available: 3 Too many pods.', 'pods'],
  ['0/3 nodes are available: 3 Insufficient nvidia.com/gpu.', 'resource'],
  ['0/3 nodes are available: 3 node(s) had untolerated taint {dedicated: batch}.', 'taint'],
  ['0/1 nodes are available: 1 node(s) were unschedulable.', 'taint'],
  ["0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.", 'placement'],
  ["0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints.", 'placement'],
  ['0/3 nodes are available: 3 node(s) had volume node affinity conflict.', 'volume'],
  ['0/3 nodes are available: persistentvolumeclaim "cache" not found.', 'volume'],
  ['no nodes available to schedule pods', 'unschedulable'],
  ['', 'unschedulable'],
])('%s is about %s', (message, reason) => {
  expect(whyUnschedulable(message)).toBe(reason);
  expect(whyUnschedulable(message + after)).toBe(reason);
});
