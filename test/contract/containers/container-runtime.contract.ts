import { randomUUID } from 'node:crypto';
import type { ContainerExit, ContainerRuntime, ContainerSpec } from '@remuda/domain';
import { createLogger } from '@remuda/runtime';
import { ManualClock } from '@remuda/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Reaper } from '../../../apps/scheduler/src/pools/reaper.js';
import { reapAfterMs } from '../../../apps/scheduler/src/pools/to-reap.js';
import { Inbox } from './inbox.js';

/**
 * What the program in a container does: ends when it is asked to, does not hear it, ends by itself at once with exit
 * code 7 and a last line, or leaves a process in a session of its own.
 */
export type Behaviour = 'obey' | 'deaf' | 'fail' | 'litter';

/** One runtime as the suite needs it: real containers, programs that can be waited for and killed from outside. */
export interface RuntimeHarness {
  /** A runtime object over the same machine or engine. */
  open(cluster?: 'own' | 'other'): ContainerRuntime;
  /** A runtime object that has nothing to start from. */
  openBroken(): { readonly runtime: ContainerRuntime; readonly images: readonly string[]; readonly names: RegExp };
  spec(worker: string, behaviour: Behaviour): ContainerSpec;
  /**
   * A runtime object, and an image of its own that can be built again: from the same content, or from another one. Absent where the
   * runtime can't know what images stand for.
   */
  rebuildable?: () => Promise<{
    readonly runtime: ContainerRuntime;
    readonly image: string;
    readonly rebuild: (content: string) => Promise<void>;
    readonly remove: () => Promise<void>;
  }>;
  /** Resolves when the worker's program runs and can be signalled. */
  running(worker: string): Promise<void>;
  /** SIGKILL from outside. */
  kill(worker: string): Promise<void>;
  close(): Promise<void>;
}

/** A watch under way. */
interface Watched {
  readonly all: readonly ContainerExit[];
  /** The next exit of this worker; each is given once. */
  readonly of: (worker: string) => Promise<ContainerExit>;
  readonly end: () => Promise<void>;
}

/** Other tests, and other people, use the same machine and engine: the names are this run's own. */
const run = randomUUID().slice(0, 8);
const w1 = `w1-${run}`;
const w2 = `w2-${run}`;
const w3 = `w3-${run}`;

/** How soon an end must be noticed. */
const noticeMs = 10_000;
const graceMs = 10_000;

/** What every keeper of the ContainerRuntime port promises. */
export function containerRuntimeContract(name: string, make: () => Promise<RuntimeHarness>): void {
  describe(`${name}, as a container runtime`, () => {
    let harness: RuntimeHarness;
    let runtime: ContainerRuntime;
    const opened: ContainerRuntime[] = [];

    const open = (cluster?: 'own' | 'other'): ContainerRuntime => {
      const one = harness.open(cluster);
      opened.push(one);
      return one;
    };

    /** Starts a worker and waits until its program runs. */
    const started = async (worker: string, behaviour: Behaviour = 'obey', by = runtime): Promise<void> => {
      await by.start(harness.spec(worker, behaviour));
      await harness.running(worker);
    };

    const running = async (of = runtime): Promise<readonly string[]> =>
      (await of.list()).filter((seen) => seen.running).map((seen) => seen.worker);

    const watched = async (of = runtime): Promise<Watched> => {
      const exits = new Inbox<ContainerExit>();
      const end = await of.watch((exit) => {
        exits.put(exit);
      });
      return { all: exits.all, of: (worker) => exits.take((exit) => exit.worker === worker), end };
    };

    beforeAll(async () => {
      harness = await make();
      runtime = open();
    });

    afterEach(async () => {
      for (const one of opened) for (const { worker } of await one.list()) await one.stop(worker, 0);
      while (opened.length > 1) await opened.pop()?.close();
    });

    afterAll(async () => {
      await runtime.close();
      await harness.close();
    });

    it('has the same name for the same engine, whoever asks', async () => {
      const name = await runtime.engineName();
      expect(name.length).toBeGreaterThan(3);
      expect(await open().engineName()).toBe(name);
    });

    it('knows of how many cores its machine is, or says nothing of one', async () => {
      const cores = (await runtime.cores?.()) ?? 1;
      expect(Number.isInteger(cores) && cores > 0).toBe(true);
    });

    it('is prepared for its image, as often as it is asked', async () => {
      const { image } = harness.spec(w1, 'obey');
      await runtime.prepare([image]);
      await runtime.prepare([image, image]);
    });

    it('refuses to be prepared for what it cannot start, and says what is missing', async () => {
      const { runtime: broken, images, names } = harness.openBroken();
      const refusal = expect.objectContaining({
        code: 'container.start_failed',
        message: expect.stringMatching(names) as unknown,
      });
      await expect(broken.prepare(images)).rejects.toEqual(refusal);
      await broken.close();
    });

    it('names what an image stands for: the same when it is built again as it was, another when it is not', async () => {
      if (!harness.rebuildable) {
        expect(await runtime.releaseOf('worker:1')).toBe('worker:1');
        return;
      }
      const { runtime: own, image, rebuild, remove } = await harness.rebuildable();
      try {
        await rebuild('one');
        const first = await own.releaseOf(image);
        expect(first.length).toBeGreaterThan(3);
        await rebuild('one');
        expect(await own.releaseOf(image)).toBe(first);
        await rebuild('two');
        expect(await own.releaseOf(image)).not.toBe(first);
      } finally {
        await own.close();
        await remove();
      }
    });

    it('refuses to name what is not there, where it can know', async () => {
      if (!harness.rebuildable) return;
      const { runtime: broken, images } = harness.openBroken();
      await expect(broken.releaseOf(images[0] ?? 'none')).rejects.toMatchObject({ code: 'container.start_failed' });
      await broken.close();
    });

    it('shows what it started, with the profile and the fingerprint', async () => {
      const spec = { ...harness.spec(w1, 'obey'), profile: 'review', fingerprint: 'f-77' };
      await runtime.start(spec);
      await harness.running(w1);
      expect(await runtime.list()).toEqual([{ worker: w1, profile: 'review', fingerprint: 'f-77', running: true }]);
    });

    it('leaves alone what already runs under that name', async () => {
      const exits = await watched();
      await started(w1);
      await runtime.start({ ...harness.spec(w1, 'obey'), fingerprint: 'another' });
      expect(await runtime.list()).toMatchObject([{ worker: w1, fingerprint: 'f-1', running: true }]);
      await exits.end();
      expect(exits.all).toEqual([]);
    });

    it('starts one container when the same is started twice at once', async () => {
      await Promise.all([started(w1), runtime.start(harness.spec(w1, 'obey'))]);
      expect(await running()).toEqual([w1]);
    });

    it('has nothing left of what it stopped', async () => {
      await started(w1);
      await started(w2);
      await runtime.stop(w1, graceMs);
      expect((await runtime.list()).map((seen) => seen.worker)).toEqual([w2]);
    });

    it('stops what is stopped, what is being stopped, and what never was', async () => {
      await started(w1);
      await Promise.all([runtime.stop(w1, graceMs), runtime.stop(w1, graceMs)]);
      await runtime.stop(w1, graceMs);
      await runtime.stop(`never-was-${run}`, graceMs);
      expect(await runtime.list()).toEqual([]);
    });

    it('does not use up the grace of one that ends when it is asked to', async () => {
      await started(w1);
      const before = performance.now();
      await runtime.stop(w1, 60_000);
      expect(performance.now() - before).toBeLessThan(30_000);
    });

    it('kills one that is still there when the grace is over', async () => {
      await started(w1, 'deaf');
      await runtime.stop(w1, 200);
      expect(await runtime.list()).toEqual([]);
    });

    it('starts the same name again after a stop', async () => {
      await started(w1);
      await runtime.stop(w1, graceMs);
      await started(w1);
      expect(await running()).toEqual([w1]);
    });

    it('tells once of one that ends by itself: why, and its last lines', async () => {
      const exits = await watched();
      await started(w1, 'fail');
      const exit = await exits.of(w1);
      expect(exit).toMatchObject({ worker: w1, reason: 'ended with exit code 7', outOfMemory: false });
      expect(exit.lastLines).toContain('fixture gives up');
      // whatever would be told twice has been told by the time another one's end is
      await started(w2);
      await harness.kill(w2);
      await exits.of(w2);
      await exits.end();
      expect(exits.all.map((one) => one.worker)).toEqual([w1, w2]);
    });

    it('notices soon that one was killed', async () => {
      const exits = await watched();
      await started(w1);
      await harness.kill(w1);
      const killed = performance.now();
      expect(await exits.of(w1)).toMatchObject({ worker: w1, reason: 'killed by SIGKILL' });
      expect(performance.now() - killed).toBeLessThan(noticeMs);
      await exits.end();
    });

    it('does not tell of one that was stopped', async () => {
      const exits = await watched();
      await started(w1);
      await started(w2, 'deaf');
      await started(w3);
      await runtime.stop(w1, graceMs);
      await runtime.stop(w2, 0);
      await harness.kill(w3);
      await exits.of(w3);
      await exits.end();
      expect(exits.all.map((one) => one.worker)).toEqual([w3]);
    });

    it('tells nothing after the watch was ended', async () => {
      const ended = await watched();
      const going = await watched();
      await started(w1);
      await ended.end();
      await harness.kill(w1);
      await going.of(w1);
      await going.end();
      expect(ended.all).toEqual([]);
    });

    it('shows what ended as not running until it is stopped or started again', async () => {
      const exits = await watched();
      await started(w1);
      await harness.kill(w1);
      await exits.of(w1);
      expect(await runtime.list()).toMatchObject([{ worker: w1, running: false }]);
      await started(w1);
      expect(await runtime.list()).toMatchObject([{ worker: w1, running: true }]);
      await harness.kill(w1);
      await exits.of(w1);
      await runtime.stop(w1, graceMs);
      expect(await runtime.list()).toEqual([]);
      await exits.end();
    });

    it('loses, whatever its profile, the container that has had no worker record for a while, and no other one', async () => {
      await runtime.start({ ...harness.spec(w1, 'obey'), profile: 'removed' });
      await runtime.start({ ...harness.spec(w2, 'obey'), profile: 'removed' });
      await Promise.all([harness.running(w1), harness.running(w2)]);
      const clock = new ManualClock();
      const registry = { ids: () => Promise.resolve([w2]) };
      const reaper = new Reaper({ runtime, registry, clock, log: createLogger({ name: 'test', level: 'silent' }) });
      await reaper.reap();
      expect([...(await running())].sort()).toEqual([w1, w2]);
      await clock.advance(reapAfterMs);
      await reaper.reap();
      expect((await runtime.list()).map(({ worker }) => worker)).toEqual([w2]);
    });

    it('sees and stops only what is of its cluster', async () => {
      const other = open('other');
      await started(w1, 'obey', other);
      const exits = await watched();
      expect(await runtime.list()).toEqual([]);
      await runtime.stop(w1, 0);
      expect(await running(other)).toEqual([w1]);
      const others = await watched(other);
      await harness.kill(w1);
      await others.of(w1);
      await Promise.all([others.end(), exits.end()]);
      expect(exits.all).toEqual([]);
    });

    it('lets containers go on when it is closed; the next one of the cluster sees, watches and stops them', async () => {
      const before = open();
      await started(w1, 'obey', before);
      await started(w2, 'obey', before);
      await before.close();
      const next = open();
      const exits = await watched(next);
      expect([...(await running(next))].sort()).toEqual([w1, w2]);
      await next.stop(w1, graceMs);
      await harness.kill(w2);
      expect(await exits.of(w2)).toMatchObject({ worker: w2 });
      await exits.end();
      expect(exits.all.map((one) => one.worker)).toEqual([w2]);
      expect(await next.list()).toMatchObject([{ worker: w2, running: false }]);
    });
  });
}
