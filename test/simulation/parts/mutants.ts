import { Fleet } from '../../../apps/scheduler/src/fleet.js';
import { Wishes } from '../../../apps/scheduler/src/wishes.js';

/** A way in which the system could be wrong; the simulation has to notice each. */
export interface Mutant {
  /** Changes a script on its way into the simulated Redis. */
  readonly script?: (lua: string) => string;
  /** Changes something of the scheduler; gives what undoes it. */
  readonly part?: () => () => void;
  /** No word of a container's end comes through. */
  readonly deafToExits?: boolean;
}

const lease =
  "at[1] ~= lease or at[4] ~= worker or (at[2] ~= 'assigned' and at[2] ~= 'running' and at[2] ~= 'waiting')";
const settledLease =
  "at[1] ~= ARGV[2] or at[4] ~= ARGV[1] or (at[2] ~= 'assigned' and at[2] ~= 'running' and at[2] ~= 'waiting')";

/** Replaces a piece of a script, wherever the script has it. */
const replace =
  (...changes: readonly (readonly [from: string, to: string])[]) =>
  (lua: string): string =>
    changes.reduce((text, [from, to]) => text.replace(from, to), lua);

/** Every mutant, by the name under which `--mutant` finds it. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'no-fencing': {
    script: replace(
      [lease, "at[2] ~= 'assigned' and at[2] ~= 'running'"],
      [settledLease, "at[2] ~= 'assigned' and at[2] ~= 'running'"],
    ),
  },
  'no-cursor': {
    script: replace(
      ["redis.call('HSET', KEYS[1], worker, after)", ''],
      ['if cursor ~= before then', 'if false then'],
      ["redis.call('HSET', KEYS[6], ARGV[1], ARGV[4])", ''],
      ['if cursor ~= ARGV[3] then return {cursor} end', ''],
    ),
  },
  'claim-without-worker': {
    script: replace(["if redis.call('HGET', KEYS[2], 'phase') ~= 'idle' then return {'worker'} end", '']),
    part: () =>
      patch(
        Fleet.prototype,
        'take',
        (own) =>
          function (this: Fleet, profile: string) {
            return (
              own.call(this, profile) ??
              this.all().find((worker) => worker.profile === profile && worker.phase === 'busy')
            );
          },
      ),
  },
  'lost-unnoticed': {
    deafToExits: true,
    part: () => patch(Fleet.prototype, 'lost', () => () => undefined),
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
  'no-ownership': {
    script: replace(['if owner and owner ~= ARGV[1] then return 0 end', '']),
  },
};

function patch<T extends object, K extends keyof T>(of: T, name: K, make: (own: T[K]) => T[K]): () => void {
  const own = of[name];
  of[name] = make(own);
  return () => {
    of[name] = own;
  };
}
