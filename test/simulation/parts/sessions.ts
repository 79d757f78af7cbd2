import { defaultTenant, RemudaError, type SessionSettings } from '@remuda/domain';
import type { RedisJobStore, RedisSessionStore } from '@remuda/redis';
import { jobRef, jobSpec } from '@remuda/testing';
import type { Program, World } from '../world/world.js';

interface SessionClientParts {
  readonly world: World;
  readonly api: Program;
  readonly store: () => RedisSessionStore;
  readonly jobs: () => RedisJobStore;
  readonly profiles: readonly string[];
  /** How many turns are sent at once at most. */
  readonly mostTurns: number;
  /** Called before a turn is sent that comes before those that wait. */
  readonly onFirst: (job: string) => void;
  /** Called when a turn was accepted. */
  readonly onAccepted: (job: string) => void;
}

/** How long workers wait for the next turn of a session, in ms: some not at all, some longer than a run is. */
const waits = [0, 300, 3_000, 3_600_000] as const;
const mostSessions = 3;

/** Clients that talk: they create sessions, send turns one after the other and several at once, interrupt and stop them. */
export class SessionClients {
  /** Requests without an answer yet. */
  underWay = 0;
  readonly #sessions = new Map<string, SessionSettings>();
  #turns = 0;
  #keys = 0;

  constructor(private readonly parts: SessionClientParts) {}

  /** Lets one client do something. */
  act(): void {
    const { world, api } = this.parts;
    world.after(0, api, () => {
      const { random } = world;
      const isNew = this.#sessions.size === 0 || (this.#sessions.size < mostSessions && random.chance(0.3));
      if (isNew) void this.#counted(() => this.#create());
      else {
        const id = random.pick([...this.#sessions.keys()]);
        if (random.chance(0.07)) void this.#counted(() => this.#stop(id));
        else void this.#counted(() => this.#talk(id));
      }
    });
  }

  async #counted(act: () => Promise<void>): Promise<void> {
    this.underWay++;
    try {
      await act();
    } catch (error) {
      if (!(error instanceof RemudaError)) throw error;
    } finally {
      this.underWay--;
    }
  }

  async #create(): Promise<void> {
    const { random } = this.parts.world;
    const id = `c-${String(this.#sessions.size + 1)}`;
    const settings: SessionSettings = {
      ...{ profile: random.pick(this.parts.profiles), workspace: { kind: 'empty' }, idleMs: random.pick(waits) },
      ...{ labels: {}, metadata: {} },
    };
    const concurrent = random.chance(0.2) ? 'refuse' : 'queue';
    const kept = { keepTurns: random.between(1, 2) };
    this.#sessions.set(id, settings);
    await this.parts.store().create({ id, tenant: defaultTenant, settings, concurrent, ...kept });
    await this.#talk(id);
  }

  /** Sends one turn, or several at once. */
  async #talk(session: string): Promise<void> {
    const { world, mostTurns } = this.parts;
    const { random } = world;
    for (let turns = random.between(1, mostTurns); turns > 0; turns--) await this.#send(session, random.chance(0.15));
  }

  /** Whoever hears no answer asks again under the same key. */
  async #send(session: string, first: boolean): Promise<void> {
    const { world, store, jobs, onFirst, onAccepted } = this.parts;
    const { random } = world;
    const { profile = 'default', idleMs = 0 } = this.#sessions.get(session) ?? {};
    const key = { key: `t-${String(++this.#keys)}`, fingerprint: 'f', tenant: defaultTenant };
    const job = `j-t${String(++this.#turns)}`;
    if (first) onFirst(job);
    const spec = jobSpec({
      ...{ prompt: job, profile, priority: random.between(1, 3), attempts: random.between(1, 3) },
      ...{ timeoutMs: random.pick([1_000, 3_000, 10_000]), ...(idleMs > 0 ? { holdMs: idleMs } : {}) },
    });
    for (let left = 3; left > 0; left--)
      try {
        const ref = { session: { tenant: defaultTenant, id: session }, job: { id: job, spec }, first };
        const answer = await store().submit(ref, key);
        world.tell?.(`turn ${job} of ${session}: ${answer.kind}`);
        if (answer.kind === 'begun' || answer.kind === 'waits' || answer.kind === 'repeated') onAccepted(job);
        if (first && answer.kind === 'waits') await jobs().cancel(jobRef(answer.running), 'interrupted');
        return;
      } catch (error) {
        if (!(error instanceof RemudaError)) throw error;
        await new Promise((resolve) => setTimeout(resolve, random.between(1, 300)));
      }
  }

  /** Whoever hears that it failed half-way stops it again. */
  async #stop(id: string): Promise<void> {
    const { world, store, jobs } = this.parts;
    for (;;)
      try {
        const turns = (await store().stop({ tenant: defaultTenant, id })) ?? [];
        for (const turn of [...turns].reverse()) await jobs().cancel(jobRef(turn), 'The session was stopped.');
        return;
      } catch (error) {
        if (!(error instanceof RemudaError)) throw error;
        await new Promise((resolve) => setTimeout(resolve, world.random.between(100, 1_000)));
      }
  }
}
