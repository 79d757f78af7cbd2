import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { podEnd, podEndReasons, type PodLook } from './pod-end.js';
import { seenPod, type RawPod } from './seen-pod.js';

type Status = NonNullable<RawPod['status']>;
type State = NonNullable<NonNullable<Status['containerStatuses']>[number]['state']>;

const limits = { unschedulableLimitMs: 60_000, notCreatedLimitMs: 30_000, stuckLimitMs: 60_000, followLimitMs: 5_000 };
const now: PodLook = { gone: false, waitingMs: 0, leavingMs: 0, halfMs: 0 };
const gone: PodLook = { ...now, gone: true };
const half: PodLook = { ...now, halfMs: 5_000 };

const pod = (status: Status, own: RawPod['metadata'] = {}) =>
  seenPod({ metadata: { name: 'remuda-w-1', uid: 'u-1', resourceVersion: '7', ...own }, status });
const container = (state: State, name = 'worker') => ({ name, state });
const ended = (exitCode: number, reason = 'Error', name = 'worker') =>
  container({ terminated: { exitCode, reason } }, name);
const waits = (reason: string, message = '') =>
  pod({ phase: 'Pending', containerStatuses: [container({ waiting: { reason, message } })] });
const failed = (reason: string, message: string, containerStatuses = [ended(137)]) =>
  pod({ phase: 'Failed', reason, message, containerStatuses });
const target = (reason: string, message = '') => [{ type: 'DisruptionTarget', status: 'True', reason, message }];
const disrupted = (reason: string) =>
  pod({ phase: 'Failed', conditions: target(reason), containerStatuses: [ended(143)] }, leaving(30));
const leaving = (seconds: number) => ({
  deletionTimestamp: '2026-11-29T00:00:00Z',
  deletionGracePeriodSeconds: seconds,
});
const runs = [container({ running: {} })];
const unschedulable = pod({
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }],
});

/** What the log says of pods that end, by the table in the runbook: those of a pod that was never made are left out. */
function runbookMessages(): readonly RegExp[] {
  const runbook = readFileSync(new URL('../../../../../docs/runbook.md', import.meta.url), 'utf8');
  const [, section = ''] = runbook.split('## Pods of workers end on Kubernetes');
  const [, table = ''] = section.split('| The log says');
  const cells = [...table.split('\n\n')[0]!.matchAll(/^\| (`.*?) +\|/gm)].map(([, cell = '']) => cell);
  const messages = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, message = '']) => message));
  const ofPods = messages.filter((message) => !/^(Kubernetes refused|The scheduler may not)/.test(message));
  return ofPods.map((message) => new RegExp(message.split('…').map(escape).join('.+')));
}

const escape = (text: string): string => text.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

describe('every end of a pod is recognised, and says why', () => {
  const table = [
    [
      'its worker lost its agent',
      pod({ phase: 'Failed', containerStatuses: [ended(69)] }),
      now,
      'run',
      'exited',
      'ended with exit code 69',
    ],
    [
      'it crashes',
      pod({ phase: 'Failed', containerStatuses: [ended(7)] }),
      now,
      'run',
      'exited',
      'ended with exit code 7',
    ],
    [
      'it leaves by itself',
      pod({ phase: 'Succeeded', containerStatuses: [ended(0, 'Completed')] }),
      now,
      'run',
      'exited',
      'ended with exit code 0',
    ],
    [
      'it is killed',
      pod({ phase: 'Failed', containerStatuses: [ended(137)] }),
      now,
      'run',
      'exited',
      'killed by SIGKILL',
    ],
    [
      'its worker runs out of memory',
      pod({ phase: 'Failed', containerStatuses: [ended(137, 'OOMKilled')] }),
      now,
      'run',
      'out_of_memory',
      'killed by SIGKILL after it ran out of memory',
    ],
    [
      'its agent runs out of memory while its worker runs',
      pod({ phase: 'Running', containerStatuses: [...runs, ended(137, 'OOMKilled', 'agent')] }),
      half,
      'run',
      'out_of_memory',
      'its container agent killed by SIGKILL after it ran out of memory',
    ],
    [
      'its agent runs out of memory, and its worker follows',
      pod({ phase: 'Failed', containerStatuses: [ended(137, 'OOMKilled', 'agent'), ended(69)] }),
      now,
      'run',
      'out_of_memory',
      'its container agent killed by SIGKILL after it ran out of memory',
    ],
    [
      'its agent is killed, and its worker follows',
      pod({ phase: 'Failed', containerStatuses: [ended(137, 'Error', 'agent'), ended(69)] }),
      now,
      'run',
      'exited',
      'its container agent killed by SIGKILL',
    ],
    [
      'its worker crashes, and its agent follows',
      pod({ phase: 'Failed', containerStatuses: [ended(0, 'Completed', 'agent'), ended(7)] }),
      now,
      'run',
      'exited',
      'ended with exit code 7',
    ],
    [
      'its worker crashes, and its agent does not follow',
      pod({ phase: 'Running', containerStatuses: [container({ running: {} }, 'agent'), ended(7)] }),
      half,
      'run',
      'exited',
      'ended with exit code 7',
    ],
    [
      'its node evicts it',
      failed('Evicted', 'The node was low on resource: memory.'),
      now,
      'run',
      'evicted',
      'because memory, disk or process ids ran out: The node was low on resource: memory',
    ],
    [
      'its node preempts it',
      failed('Preempting', 'Preempted in order to admit critical pod'),
      now,
      'run',
      'preempted',
      'its node preempted it for a pod of higher priority',
    ],
    ['it is preempted', disrupted('PreemptionByScheduler'), now, 'run', 'preempted', 'a pod of higher priority'],
    ['its node is drained', disrupted('EvictionByEvictionAPI'), gone, 'run', 'drained', 'as when its node is drained'],
    [
      'its node is shut down',
      failed('NodeShutdown', 'Pod was terminated in response to imminent node shutdown.'),
      now,
      'run',
      'node_shutdown',
      'its node was shut down',
    ],
    [
      'its node is gone, and the control plane removed it',
      pod({ phase: 'Running', conditions: target('DeletionByPodGC'), containerStatuses: runs }),
      gone,
      'run',
      'node_lost',
      'its node is gone',
    ],
    [
      'its node does not answer',
      pod({ phase: 'Running', conditions: target('DeletionByTaintManager'), containerStatuses: runs }, leaving(30)),
      { ...now, leavingMs: 91_000 },
      'run',
      'node_lost',
      'does not answer',
    ],
    [
      'its node refuses it',
      pod({ phase: 'Failed', reason: 'UnexpectedAdmissionError', message: 'Allocate failed' }),
      now,
      'start',
      'refused_by_node',
      'its node refused it: UnexpectedAdmissionError, Allocate failed',
    ],
    [
      'its node is full',
      pod({ phase: 'Failed', reason: 'OutOfcpu', message: 'Node did not have enough resource: cpu' }),
      now,
      'start',
      'refused_by_node',
      'OutOfcpu',
    ],
    [
      'its image is missing',
      waits('ImagePullBackOff', 'Back-off pulling image "x:1"'),
      now,
      'start',
      'image_missing',
      'Back-off pulling image "x:1"',
    ],
    [
      'its image has no name',
      waits('InvalidImageName'),
      now,
      'start',
      'image_missing',
      'its image is not available: InvalidImageName',
    ],
    [
      'its Secret is never made',
      pod({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
      { ...now, waitingMs: 30_000 },
      'start',
      'not_created',
      'its Secret does not exist yet',
    ],
    [
      'something that it names never comes',
      waits('CreateContainerConfigError', 'secret "s" not found'),
      { ...now, waitingMs: 30_000 },
      'start',
      'not_created',
      'secret "s" not found',
    ],
    [
      'no node takes it for too long',
      unschedulable,
      { ...now, waitingMs: 60_000 },
      'start',
      'unschedulable',
      'no node takes it: 0/3 nodes are available',
    ],
    [
      'somebody deletes it',
      pod({ phase: 'Running', containerStatuses: [ended(143)] }, leaving(30)),
      now,
      'run',
      'deleted',
      'its pod was deleted',
    ],
    [
      'somebody takes it off the books',
      pod({ phase: 'Running', containerStatuses: runs }),
      gone,
      'run',
      'deleted',
      'its pod is gone',
    ],
    [
      'it does not leave',
      pod({ phase: 'Running', containerStatuses: runs }, leaving(30)),
      { ...now, leavingMs: 90_000 },
      'run',
      'stuck',
      'told to leave 90 s ago',
    ],
  ] as const;

  it.each(table)('%s', (_, seen, look, phase, reason, message) => {
    expect(podEnd(seen, look, limits)).toMatchObject({ phase, reason, outOfMemory: reason === 'out_of_memory' });
    expect(podEnd(seen, look, limits)?.message).toContain(message);
  });

  test('none is left out', () => {
    expect(new Set(table.map(([, , , , reason]) => reason))).toEqual(new Set(podEndReasons));
  });

  test('docs/runbook.md has what the operator reads of each, and nothing that no pod ends with', () => {
    const said = table.map(([, seen, look]) => podEnd(seen, look, limits)?.message ?? '');
    const patterns = runbookMessages();
    expect(patterns.filter((pattern) => !said.some((message) => pattern.test(message)))).toEqual([]);
    expect(said.filter((message) => !patterns.some((pattern) => pattern.test(message)))).toEqual([]);
  });
});

describe('is not over', () => {
  it.each([
    ['one that was just made', pod({ phase: 'Pending' }), now],
    ['one that runs', pod({ phase: 'Running', containerStatuses: runs }), now],
    [
      'one that leaves within its grace',
      pod({ phase: 'Running', containerStatuses: runs }, leaving(30)),
      { ...now, leavingMs: 60_000 },
    ],
    ['one that the autoscaler may find a node for', unschedulable, { ...now, waitingMs: 59_000 }],
    [
      'one whose worker has just ended, as its agent is about to',
      pod({ phase: 'Running', containerStatuses: [container({ running: {} }, 'agent'), ended(7)] }),
      { ...now, halfMs: 4_999 },
    ],
    ['one whose image is being pulled', waits('ContainerCreating'), { ...now, waitingMs: 600_000 }],
    ['one whose first pull failed', waits('ErrImagePull'), now],
    ['one whose Secret is on its way', waits('CreateContainerConfigError'), { ...now, waitingMs: 5_000 }],
  ])('%s', (_, seen, look) => {
    expect(podEnd(seen, look, limits)).toBeUndefined();
  });
});

describe('something is left to be removed', () => {
  const lingers = (seen: ReturnType<typeof pod>, look: PodLook) => podEnd(seen, look, limits)?.lingers;

  it.each([
    ['of a pod whose image is missing', waits('ImagePullBackOff'), now, true],
    ['of a pod that no node takes', unschedulable, { ...now, waitingMs: 60_000 }, true],
    [
      'where one container has ended, and the other does not follow',
      pod({ phase: 'Running', containerStatuses: [...runs, ended(137, 'OOMKilled', 'agent')] }),
      half,
      true,
    ],
    [
      'of one that does not leave',
      pod({ phase: 'Running', containerStatuses: runs }, leaving(1)),
      { ...now, leavingMs: 61_000 },
      true,
    ],
    ['of one that crashed: nothing', pod({ phase: 'Failed', containerStatuses: [ended(7)] }), now, false],
    ['of one that is gone: nothing', pod({ phase: 'Running', containerStatuses: runs }), gone, false],
  ])('%s', (_, seen, look, left) => {
    expect(lingers(seen, look)).toBe(left);
  });
});
