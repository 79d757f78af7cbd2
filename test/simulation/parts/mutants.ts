import type { JobState } from '@remuda/domain';
import { Leases, ProfileQueue, RedisClock, WorkerRegistry, type ClaimedJob, type FoundJob } from '@remuda/redis';
import { Fleet } from '../../../apps/scheduler/src/workers/fleet.js';
import { Wishes } from '../../../apps/scheduler/src/workers/wishes.js';

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

const lease =
  "at[1] ~= lease or at[4] ~= worker or (at[2] ~= 'assigned' and at[2] ~= 'running' and at[2] ~= 'waiting')";
const settledLease =
  "at[1] ~= ARGV[2] or at[4] ~= ARGV[1] or (at[2] ~= 'assigned' and at[2] ~= 'running' and at[2] ~= 'waiting')";

const anyHeld = "at[2] ~= 'assigned' and at[2] ~= 'running'";
const queuedJob = "if at[1] ~= 'queued' then return {'state', at[1] or ''} end";
const idleWorker = "if redis.call('HGET', KEYS[2], 'phase') ~= 'idle' then return {'worker'} end";

/** Replaces a piece of a script, wherever the script has it. */
const replace =
  (...changes: readonly (readonly [from: string, to: string])[]) =>
  (lua: string): string =>
    changes.reduce((text, [from, to]) => text.replace(from, to), lua);

/** Every mutant, by the name under which `--mutant` finds it. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'no-fencing': { shownBy: 388, script: replace([lease, anyHeld], [settledLease, anyHeld]) },
  'no-drop-of-old-events': { shownBy: 388, script: replace([lease, anyHeld]) },
  'no-cursor': {
    shownBy: 283,
    script: replace(
      ["redis.call('HSET', KEYS[1], worker, after)", ''],
      ['if cursor ~= before then', 'if false then'],
      ["redis.call('HSET', KEYS[6], ARGV[1], ARGV[4])", ''],
      ['if cursor ~= ARGV[3] then return {cursor} end', ''],
    ),
  },
  'claim-without-worker': {
    script: replace([idleWorker, '']),
    part: () =>
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
  },
  'anybodys-worker': {
    shownBy: 1415,
    script: replace(["if redis.call('GET', KEYS[8]) ~= ARGV[3] then return {'elsewhere'} end", '']),
  },
  'double-claim': { script: replace([queuedJob, '']), part: claimTwice },
  'no-idempotent-assign': {
    shownBy: 103,
    script: replace(
      ["then return {'assigned', at[4], at[5]} end", "then at[1] = 'queued' end"],
      [idleWorker, ''],
      ["if redis.call('EXISTS', KEYS[4]) == 1 then return {'worker'} end", ''],
    ),
  },
  'priority-ignored': { script: replace(['priority * 0x100000000 +', '0x100000000 +']) },
  'forget-cancel': { shownBy: 55, script: replace([queuedJob, '']), part: () => readAs('queued', ['cancelled']) },
  'requeue-after-cancel': {
    shownBy: 209,
    script: replace(["if asked[1] == ARGV[2] and asked[2] then return {'cancelled'} end", '']),
  },
  'lost-unnoticed': {
    shownBy: 55,
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
    shownBy: 355,
    script: replace([
      "for _, count in ipairs(cjson.decode(ARGV[9])) do redis.call('HINCRBY', KEYS[1], count, 1) end",
      '',
    ]),
  },
  unpausable: {
    script: replace(["if redis.call('EXISTS', KEYS[7]) == 1 then", 'if false then']),
  },
  uncordonable: {
    script: replace(["if redis.call('HEXISTS', KEYS[2], 'cordoned') == 1 then return {'cordoned'} end", '']),
    part: () => patch(Wishes.prototype, 'heed', () => () => Promise.resolve()),
  },
  'settle-twice': {
    script: replace([settledLease, 'false']),
  },
  'redrive-of-anything': {
    script: replace(["if at[1] ~= 'failed' then return {'state', at[1]} end", '']),
  },
  'no-ownership': { shownBy: 85, script: replace(['if not owner or owner == scheduler then', 'if true then']) },
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
    shownBy: 145,
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
  'pool-without-lead': {
    shownBy: 4301,
    script: replace(["if redis.call('GET', KEYS[5]) ~= ARGV[2] then return 0 end", '']),
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
    Leases.prototype,
    'read',
    (own) =>
      async function (this: Leases, id: string) {
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
