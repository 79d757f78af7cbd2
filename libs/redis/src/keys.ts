import { defaultTenant } from '@remuda/domain';

/**
 * Every Redis key, in one place. All share one hash tag, so that they stay in one slot of a Redis Cluster;
 * a worker's own keys have a prefix of their own, so that one ACL pattern covers them.
 */
export function redisKeys(namespace: string) {
  const p = `{${namespace}}`;
  return {
    /** Prefix of every BullMQ queue. */
    bull: p,
    /** Number of the format of all keys; absent: 1. Every app looks at it when it starts. */
    format: `${p}:format`,
    job: (id: string) => `${p}:job:${id}`,
    prompt: (id: string) => `${p}:job:${id}:prompt`,
    /** Values of a job's secrets, until it is over. */
    secrets: (id: string) => `${p}:job:${id}:secrets`,
    result: (id: string) => `${p}:job:${id}:result`,
    events: (id: string) => `${p}:job:${id}:events`,
    /** What the bridge counted for a job: requests, tokens, first request and first token. */
    model: (id: string) => `${p}:job:${id}:model`,
    /** What requests under way have reserved of a job's budget, by reservation: micro-dollars, and when it ends by itself. */
    reservations: (id: string) => `${p}:job:${id}:reservations`,
    /** A job's attempts that ended without success, the oldest first. */
    attempts: (id: string) => `${p}:job:${id}:attempts`,
    /** All jobs by time of submission. */
    jobs: `${p}:jobs`,
    jobsByLabel: (key: string, value: string) => `${p}:jobs:label:${key}=${value}`,
    /** The same, of a label as `key=value`. */
    labelled: (label: string) => `${p}:jobs:label:${label}`,
    /** Jobs that are over by the time of their end, until they are forgotten. */
    over: `${p}:jobs:over`,
    /** What these take of Redis together, in bytes. */
    retained: `${p}:jobs:over:bytes`,
    /** Jobs that were redriven, until they have a place in their queue again. */
    unplaced: `${p}:jobs:unplaced`,
    /** Failed jobs that wait for a person, by the time of their end. */
    deadLetters: `${p}:jobs:dead`,
    /** Jobs with a deadline for their start. */
    ttl: `${p}:jobs:ttl`,
    /** Held jobs whose client wants them to end, by the time at which it said so. */
    cancels: `${p}:jobs:cancels`,
    idempotency: (key: string, tenant = defaultTenant) =>
      tenant === defaultTenant ? `${p}:idempotency:${key}` : `${p}:tenant:${tenant}:idempotency:${key}`,
    bridgeToken: (hash: string) => `${p}:bridge:${hash}`,
    workers: `${p}:workers`,
    worker: (id: string) => `${p}:worker:${id}`,
    workerOwner: (id: string) => `${p}:worker:${id}:owner`,
    workerOut: (id: string) => `${p}:wk:${id}:out`,
    workerControl: (id: string) => `${p}:wk:${id}:control`,
    relayCursors: `${p}:relay:cursors`,
    profiles: `${p}:profiles`,
    /** Names of profiles that were published once and are no more: jobs may still wait in their queues. */
    pastProfiles: `${p}:profiles:past`,
    /** What keeps profiles' queues from being read, by `<kind>:<profile>`; the profile `*` is all of them. */
    halts: `${p}:halts`,
    /** Starts that failed in a row, by code and profile. */
    failedStarts: `${p}:starts:failed`,
    poolLeader: (profile: string) => `${p}:pool:${profile}:leader`,
    /** How its workers start, as its leader has it; ends by itself. */
    poolStarts: (profile: string) => `${p}:pool:${profile}:starts`,
    /**
     * Pub/sub channel that wakes schedulers: `<profile> <jobs>` when there is something to claim, empty when a scheduler
     * has left.
     */
    wake: `${p}:wake`,
    /** Pub/sub channel that names a worker whose sockets the bridges are to make or to remove. */
    listeners: `${p}:listeners`,
    /** Folders of sockets in which a worker's are, for a while after they were made. */
    listenersOf: (worker: string) => `${p}:listeners:${worker}`,
    /** Pub/sub channel that says that an operator wants something. */
    steer: `${p}:steer`,
    /** Who sweeps at the moment. */
    sweeper: `${p}:sweeper`,
    counters: `${p}:counters`,
    jobQueue: (profile: string) => `jobs.${profile}`,
    /** A job's place in its profile's queue, as BullMQ names it. */
    placed: (profile: string, id: string) => `${p}:jobs.${profile}:${id}`,
    workerQueue: (worker: string) => `worker.${worker}`,
    /** A ticket's place in its worker's queue, as BullMQ names it. */
    ticket: (worker: string, id: string) => `${p}:worker.${worker}:${id}`,
  };
}

/** The queue of the cluster's own work, beside those of the jobs. */
export const serviceQueue = 'service';

/** The keys of one namespace. */
export type RedisKeys = ReturnType<typeof redisKeys>;
