import type { Recycle } from '@remuda/domain';
import { Relay, type ProfileQueue } from '@remuda/redis';
import type { AtRedis } from './at-redis.js';
import { Holdings } from './attempts/holdings.js';
import { Losses } from './attempts/losses.js';
import { OrphanedClaims } from './attempts/orphaned-claims.js';
import { Places } from './attempts/places.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import { Admissions, type AdmissionsParts } from './enrol/admissions.js';
import { BusyMarks } from './enrol/busy-marks.js';
import { EnrolListener, type EnrolListenerParts } from './enrol/enrol-listener.js';
import type { Identity } from './identity.js';
import { SchedulerMetrics } from './metrics.js';
import { HaltWatch } from './pools/halt-watch.js';
import { PoolKeeper } from './pools/pool-keeper.js';
import { Spares } from './pools/spares.js';
import { Reaper } from './pools/reaper.js';
import { Images } from './profiles/images.js';
import type { SchedulerPlan } from './scheduler-plan.js';
import { Signals } from './signals.js';
import { Sweeper } from './sweeper.js';
import { Accounts } from './workers/access/accounts.js';
import { BridgeListeners } from './workers/access/bridge-listeners.js';
import { Enrolment } from './workers/access/enrolment.js';
import { Fleet } from './workers/fleet.js';
import { OperatorOrders } from './workers/operator-orders.js';
import { OtherReleases } from './workers/other-releases.js';
import { Ownership } from './workers/ownership.js';
import { WorkerReports } from './workers/worker-reports.js';

/** Dependencies of every part of a scheduler. */
type Common = ReturnType<typeof commonOf>;
type Workers = ReturnType<typeof workersOf>;

/** The parts of a scheduler, wired together. The caller connects the signals to the parts above. */
export type Parts = ReturnType<typeof assemble>;

/** Creates the parts; none of them is active yet. */
export function assemble(plan: SchedulerPlan, at: AtRedis) {
  const common = commonOf(plan, at);
  const workers = workersOf(plan, at, common);
  return { ...common, ...workers, ...jobsOf(plan, at, common, workers) };
}

function commonOf(
  { id: scheduler, surroundings, registry, log }: SchedulerPlan,
  { clock, pools, deadLetters, tenantJobs }: AtRedis,
) {
  const identity: Identity = { scheduler, engine: '' };
  const fleet = new Fleet(surroundings.drainMs);
  return {
    ...{ identity, clock, log },
    signals: new Signals(),
    fleet,
    metrics: new SchedulerMetrics(registry, {
      ...{ pools: () => pools.pools(), deadLetters, tenants: tenantJobs, workers: () => fleet.all() },
    }),
  };
}

/** The workers: ownership, reports, losses. */
function workersOf(plan: SchedulerPlan, at: AtRedis, common: Common) {
  const { fleet, clock, metrics, log } = common;
  const { access, registry, leases, profileQueues, redis, keys } = at;
  const { runtime, profiles, suspendAfter } = plan;
  const accounts = new Accounts({ access, fleet, log });
  const halts = new HaltWatch({ ...common, halts: at.halts, suspendAfter });
  const queueOf = (profile: string): ProfileQueue => profileQueues.of(profile);
  const places = new Places(queueOf, clock, log);
  const holdings = new Holdings(leases, queueOf, places, halts, clock, metrics, log);
  const orders = new OperatorOrders({ ...common, registry });
  const others = new OtherReleases({ ...common, orders });
  const recycles = new Map(profiles.map(({ name, recycle }) => [name, recycle]));
  const recycleOf = (profile: string): Partial<Recycle> => recycles.get(profile) ?? {};
  const spares = new Spares({ needs: at.spareNeeds, registry, clock }, profiles);
  const reports = new WorkerReports({ ...common, spares, holdings, leases, registry, orders, others, recycleOf });
  const relay = new Relay(() => plan.connect('scheduler-relay'), redis, keys, reports, clock);
  const losses = new Losses({ ...common, holdings, registry, access, runtime, relay, leases });
  const ownership = new Ownership({ ...common, holdings, registry, leases, losses, orders, relay, runtime });
  return { accounts, halts, spares, places, holdings, orders, relay, losses, ownership };
}

/** The pools, and the assignment of jobs to their workers. */
function jobsOf(plan: SchedulerPlan, at: AtRedis, common: Common, workers: Workers) {
  const { runtime, profiles, tenants = {}, surroundings, bridgeSocketDir: socketDir, sessionKeepMs } = plan;
  const { access, registry, leadership, queues, leases, sweeps, forgetting, profileQueues } = at;
  const { clock, log } = common;
  const { halts, spares, relay, orders, losses, holdings, accounts } = workers;
  const images = new Images({ runtime, profiles, clock, suspend: (...why) => halts.onImageAbsent(...why), log });
  const listeners = socketDir === undefined ? undefined : new BridgeListeners({ ...at, socketDir });
  const enrolment = new Enrolment({ ...common, spares, registry, access, relay, listeners, images, surroundings });
  const forKeeper = { spares, leadership, registry, queues, halts, orders, enrolment, losses, runtime, images };
  const profileOf = new Map(profiles.map((profile) => [profile.name, profile]));
  const forDispatch = {
    ...{ spares, holdings, halts, accounts, leases, registry, relay, sessionKeepMs },
    profileOf: (name: string) => profileOf.get(name),
  };
  const own = [...profileQueues.own.values()];
  const orphaned = new OrphanedClaims({ leases, sweeps, queues: own, clock, log });
  return {
    images,
    ...newcomersOf(plan, { ...common, registry, enrolment, losses, halts }),
    keeper: new PoolKeeper({ ...common, ...forKeeper }, profiles, profileQueues.own),
    reaper: new Reaper({ runtime, registry, clock, log }),
    dispatcher: new Dispatcher({ ...common, ...forDispatch }, profileQueues.own),
    sweeper: new Sweeper({ leadership, queues, sweeps, leases, forgetting, orphaned, profiles, tenants, clock }),
  };
}

/** Where pods come that something else made; nothing where none can. */
function newcomersOf(
  { runtime: { newcomers }, enrol, profiles }: SchedulerPlan,
  parts: Omit<AdmissionsParts, 'newcomers' | 'profiles'> &
    Omit<EnrolListenerParts, 'admissions'> &
    Pick<Common, 'fleet'>,
) {
  if (!newcomers || !enrol) return {};
  const enrolled = new Set(profiles.flatMap((profile) => (profile.enrol ? [profile.name] : [])));
  const admissions = new Admissions({ ...parts, newcomers, profiles });
  return {
    enrolListener: new EnrolListener(enrol, { ...parts, admissions }),
    busyMarks: new BusyMarks({ ...parts, newcomers, isEnrolled: (profile) => enrolled.has(profile) }),
  };
}
