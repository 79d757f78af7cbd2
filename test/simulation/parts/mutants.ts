import type { FoundJob, JobState } from '@remuda/domain';
import { RedisLeases, ProfileQueue, RedisClock, WorkerRegistry, type ClaimedJob } from '@remuda/redis';
import { relayScript, settleScript, type Script } from '@remuda/redis/testing';
import { Fleet } from '../../../apps/scheduler/src/workers/fleet.js';
import { Hold } from '../../../apps/worker/src/hold.js';
import { OperatorOrders } from '../../../apps/scheduler/src/workers/operator-orders.js';

/** A way in which the system could be wrong; the simulation has to notice each. */
export interface Mutant {
  /** Changes a script on its way into the simulated Redis. */
  readonly script?: (lua: string) => string;
  /** Changes something of the scheduler; gives what undoes it. */
  readonly part?: () => () => void;
  /** A seed that showed it when it was last looked for, where few do: it's tried first. */
  readonly shownBy?: number;
  /** No word of a container's end comes through. */
  readonly deafToExits?: boolean;
}

/** Takes rules out of a script: the lines that are marked with them. */
const without =
  (...rules: readonly string[]) =>
  (lua: string): string =>
    lua
      .split('\n')
      .filter((line) => !rules.some((rule) => line.endsWith(`-- rule: ${rule}`)))
      .join('\n');

/** Puts something else where a script has the line of a rule. */
const insteadOf =
  (rule: string, text: string) =>
  (lua: string): string =>
    lua
      .split('\n')
      .map((line) => (line.endsWith(`-- rule: ${rule}`) ? text : line))
      .join('\n');

/** Changes one script only. */
const only =
  (of: Script, change: (lua: string) => string) =>
  (lua: string): string =>
    lua === of.lua ? change(lua) : lua;

/** Has a function of the scripts, of one line, give something else. */
const giving =
  (name: string, value: string) =>
  (lua: string): string =>
    lua.replace(new RegExp(`(local function ${name}\\(.*?\\)) return .* end`), `$1 return ${value} end`);

/** Changes a script in several ways. */
const all =
  (...changes: readonly ((lua: string) => string)[]) =>
  (lua: string): string =>
    changes.reduce((text, change) => change(text), lua);

const anyLease = giving('isHeldBy', 'isHeld(record[2])');
const anyState = giving('isHeldBy', 'true');

/** Every mutant, by the name under which `--mutant` finds it. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'no-fencing': { shownBy: 35, script: anyLease },
  'no-drop-of-old-events': { shownBy: 35, script: only(relayScript, anyLease) },
  'no-cursor': {
    shownBy: 187,
    script: all(without('cursor'), giving('isAtCursor', 'true')),
  },
  'claim-without-worker': {
    script: without('idle'),
    part: () => {
      const undo = [
        patch(
          Fleet.prototype,
          'free',
          (own) =>
            function (this: Fleet, profile: string, now: number) {
              const free = own.call(this, profile, now);
              if (free.length > 0) return free;
              return this.all().filter((worker) => worker.profile === profile && worker.phase === 'busy');
            },
        ),
        patch(
          Fleet.prototype,
          'countFree',
          () =>
            function (this: Fleet, profile: string, now: number) {
              return this.free(profile, now).length;
            },
        ),
      ];
      return () => undo.forEach((one) => one());
    },
  },
  'anybodys-worker': {
    shownBy: 1395,
    script: without('owner'),
  },
  'double-claim': { script: without('queued'), part: claimTwice },
  'no-idempotent-assign': {
    shownBy: 175,
    script: all(insteadOf('asked again', "if isOurs then at[1] = 'queued' end"), without('idle', 'one grant')),
  },
  'priority-ignored': { script: giving('scoreOf', '0x100000000 + count % 0x100000000') },
  'forget-cancel': { script: without('queued'), part: () => readAs('queued', ['cancelled']) },
  'requeue-after-cancel': {
    shownBy: 504,
    script: without('cancel first'),
  },
  'lost-unnoticed': {
    deafToExits: true,
    part: () => {
      const undo = [
        patch(Fleet.prototype, 'silence', () => () => 'none'),
        patch(Fleet.prototype, 'late', () => () => false),
      ];
      return () => undo.forEach((one) => one());
    },
  },
  'no-requeue-limit': {
    shownBy: 65,
    script: without('count requeues'),
  },
  unpausable: {
    script: without('halted'),
  },
  uncordonable: {
    shownBy: 85,
    script: without('cordoned'),
    part: () => patch(OperatorOrders.prototype, 'apply', () => () => Promise.resolve()),
  },
  'settle-twice': {
    script: only(settleScript, anyState),
  },
  'redrive-of-anything': {
    shownBy: 249,
    script: giving('canBeRedriven', 'true'),
  },
  'no-ownership': { script: insteadOf('present', 'return true') },
  'pool-ignores-starting': {
    part: () =>
      patch(
        WorkerRegistry.prototype,
        'all',
        (own) =>
          async function (this: WorkerRegistry) {
            return (await own.call(this)).filter(({ phase }) => phase !== 'starting');
          },
      ),
  },
  'own-clock': {
    shownBy: 1171,
    part: () =>
      patch(
        RedisClock.prototype,
        'now',
        () =>
          function (this: RedisClock) {
            return Date.now();
          },
      ),
  },
  'unfinished-place': { part: () => patch(ProfileQueue.prototype, 'finish', () => () => Promise.resolve()) },
  'no-turns-of-tenants': { shownBy: 43, script: insteadOf('turns', 'if false then') },
  'turns-for-nothing': { shownBy: 61, script: without('charge') },
  'no-limit-of-running-jobs': { shownBy: 43, script: without('running') },
  'running-for-ever': { script: without('no longer running') },
  'two-turns-at-once': { shownBy: 6, script: giving('sessionCanBeRunning', 'true') },
  'turns-out-of-order': {
    shownBy: 6,
    script: insteadOf('order of turns', "redis.call('LPUSH', waitingKey, id)"),
  },
  'turn-before-its-snapshot': { shownBy: 6, script: insteadOf('snapshot first', 'if false then') },
  'lack-untold': { shownBy: 302, script: without('says what it lacks') },
  'lack-for-ever': { shownBy: 1974, script: without('what was told is kept') },
  'turn-lost': { shownBy: 6, script: without('next turn') },
  'turn-ends-with-any-job': { shownBy: 46, script: without('only the turn ends') },
  'session-goes-on-from-before': { shownBy: 6, script: without('goes on') },
  'worker-of-another-session': {
    shownBy: 118,
    script: insteadOf('its own session', "local isHeldFor = free[1] == 'busy' and free[3]"),
    part: () =>
      patch(
        Fleet.prototype,
        'heldFor',
        () =>
          function (this: Fleet) {
            return this.all().find((worker) => worker.held !== undefined);
          },
      ),
  },
  'held-for-ever': {
    shownBy: 422,
    part: () =>
      patch(
        OperatorOrders.prototype,
        'drain',
        (own) =>
          function (this: OperatorOrders, ...order: Parameters<OperatorOrders['drain']>) {
            return order[2] === 'held' ? Promise.resolve() : own.apply(this, order);
          },
      ),
  },
  'held-elsewhere-for-ever': {
    shownBy: 1038,
    part: () => patch(WorkerRegistry.prototype, 'waiting', () => () => Promise.resolve(new Map())),
  },
  'session-keeps-its-worker': { shownBy: 46, part: () => patch(Fleet.prototype, 'keptMs', () => () => 0) },
  'hold-that-does-not-fit': { shownBy: 6, part: () => patch(Hold.prototype, 'fits', () => () => true) },
  'pool-without-lead': {
    shownBy: 329,
    script: without('leader'),
  },
};

/** Every second claim gives the job of the one before once more, and whoever holds it does not see that it is held. */
function claimTwice(): () => void {
  let last: ClaimedJob | undefined;
  const undo = patch(
    ProfileQueue.prototype,
    'claim',
    (own) =>
      async function (this: ProfileQueue) {
        const again = last;
        last = again ? undefined : await own.call(this);
        return again ?? last;
      },
  );
  const undoRead = readAs('queued', ['assigned', 'running']);
  return () => {
    undoRead();
    undo();
  };
}

/** A record says another state than it has. */
function readAs(state: JobState, instead: readonly JobState[]): () => void {
  const misread = (found: FoundJob): FoundJob =>
    instead.includes(found.job.state) ? { ...found, job: { ...found.job, state } } : found;
  const undoRead = patch(
    RedisLeases.prototype,
    'read',
    (own) =>
      async function (this: RedisLeases, id: string) {
        const found = await own.call(this, id);
        return found && misread(found);
      },
  );
  const undoClaim = patch(
    ProfileQueue.prototype,
    'claim',
    (own) =>
      async function (this: ProfileQueue) {
        const claimed = await own.call(this);
        return claimed?.found ? { ...claimed, found: misread(claimed.found) } : claimed;
      },
  );
  return () => {
    undoClaim();
    undoRead();
  };
}

function patch<T extends object, K extends keyof T>(of: T, name: K, make: (own: T[K]) => T[K]): () => void {
  const own = of[name];
  of[name] = make(own);
  return () => {
    of[name] = own;
  };
}
