import { defaultTenant } from '@remuda/domain';
import { keptGrant } from '@remuda/protocol';

/**
 * Every Redis key, in one place. All share one hash tag, so that they are in one slot of a Redis Cluster; a worker's
 * own keys have their own prefix, so that one ACL pattern covers them.
 */
export function redisKeys(namespace: string) {
  const p = `{${namespace}}`;
  return {
    /** Prefix of every BullMQ queue. */
    bull: p,
    /** Format number of all keys; absent: 1. Every app checks it when it starts. */
    format: `${p}:format`,
    job: (id: string) => `${p}:job:${id}`,
    prompt: (id: string) => `${p}:job:${id}:prompt`,
    /** Values of a job's secrets, until it is over. */
    secrets: (id: string) => `${p}:job:${id}:secrets`,
    result: (id: string) => `${p}:job:${id}:result`,
    events: (id: string) => `${p}:job:${id}:events`,
    /** The bridge's counts for a job: requests, tokens, first request and first token. */
    model: (id: string) => `${p}:job:${id}:model`,
    /** What requests in flight have reserved of a job's budget, by reservation: micro-dollars, and when it expires. */
    reservations: (id: string) => `${p}:job:${id}:reservations`,
    /** A job's attempts that ended without success, oldest first. */
    attempts: (id: string) => `${p}:job:${id}:attempts`,
    /** All jobs by time of submission. */
    jobs: `${p}:jobs`,
    jobsByLabel: (key: string, value: string) => `${p}:jobs:label:${key}=${value}`,
    /** The same, of a label as `key=value`. */
    labelled: (label: string) => `${p}:jobs:label:${label}`,
    /** Jobs that are over by the time of their end, until they are deleted. */
    over: `${p}:jobs:over`,
    /** Their total size in Redis, in bytes. */
    retained: `${p}:jobs:over:bytes`,
    /** Stream of the ids of jobs that have ended, for the archive: an entry goes when its job was archived. */
    ends: `${p}:jobs:ends`,
    /** Stream of the ids of jobs with a webhook that have ended: an entry goes when its message is in the queue. */
    webhooks: `${p}:jobs:webhooks`,
    /** Ids of the messages about a job, by the time of its end; expires. */
    webhooksOf: (id: string) => `${p}:webhooks:${id}`,
    /** There is an archive: jobs that are over stay until it has them. */
    archive: `${p}:archive`,
    /** Jobs that were redriven, until they have a place in their queue again. */
    unplaced: `${p}:jobs:unplaced`,
    /** Failed jobs that need a person, by the time of their end. */
    deadLetters: `${p}:jobs:dead`,
    /** Jobs with a deadline for their start. */
    ttl: `${p}:jobs:ttl`,
    /** Held jobs with a cancel request, by the time of the request. */
    cancels: `${p}:jobs:cancels`,
    session: (id: string) => `${p}:session:${id}`,
    /** Jobs that wait for their turn in a session, the next one first. */
    sessionWaiting: (id: string) => `${p}:session:${id}:waiting`,
    /**
     * Stream of a session's turns in the order in which they began: the job of the nth is at `n-0`. When the session is
     * stopped, an entry `n-1` ends it.
     */
    sessionTurns: (id: string) => `${p}:session:${id}:turns`,
    /** Jobs whose snapshots a session keeps besides its latest one, by the number of the turn. */
    sessionKept: (id: string) => `${p}:session:${id}:kept`,
    /**
     * The snapshots that sessions keep, by the jobs that they are of; with the suffix `:shared`, by how many sessions
     * besides the first.
     */
    sessionOrigins: `${p}:sessions:origins`,
    /** A tenant's sessions by the time of their creation. */
    sessions: (tenant: string) => `${p}:tenant:${tenant}:sessions`,
    idempotency: (key: string, tenant = defaultTenant) =>
      tenant === defaultTenant ? `${p}:idempotency:${key}` : `${p}:tenant:${tenant}:idempotency:${key}`,
    /** An API key's record, with the hash of its secret. */
    apiKey: (id: string) => `${p}:api-key:${id}`,
    /** Ids of the API keys. */
    apiKeys: `${p}:api-keys`,
    /** Pub/sub channel that names an API key that was revoked. */
    revocations: `${p}:api-keys:revoked`,
    /** Whom a stream ticket stands for, until it is used or over. */
    streamTicket: (hash: string) => `${p}:stream-ticket:${hash}`,
    /** Requests in the audit log: the latest of a kind. */
    audit: (kind: string) => `${p}:audit:${kind}`,
    bridgeToken: (hash: string) => `${p}:bridge:${hash}`,
    /** Of a grant that is void, what stays for the snapshot of a turn that is over. */
    keepToken: (hash: string) => `${p}:bridge:${keptGrant(hash)}`,
    /** Commits that the bridge has pushed for a session, or for a job of no session; expires. */
    pushed: (owner: string) => `${p}:pushed:${owner}`,
    /** Names of the bridges to the Claude Code of hosts. */
    hostBridges: `${p}:hosts`,
    /** What such a bridge last reported; expires. */
    hostBridge: (name: string) => `${p}:host:${name}`,
    workers: `${p}:workers`,
    worker: (id: string) => `${p}:worker:${id}`,
    workerOwner: (id: string) => `${p}:worker:${id}:owner`,
    /** Schedulers, and until when each counts as present without another word, in epoch ms by Redis' clock. */
    schedulers: `${p}:schedulers`,
    workerOut: (id: string) => `${p}:wk:${id}:out`,
    workerControl: (id: string) => `${p}:wk:${id}:control`,
    /** What its terminal shows, while somebody looks; expires. */
    workerScreen: (id: string) => `${p}:wk:${id}:screen`,
    relayCursors: `${p}:relay:cursors`,
    profiles: `${p}:profiles`,
    /** Names of removed profiles: jobs may still wait in their queues. */
    pastProfiles: `${p}:profiles:past`,
    /** Why profiles' queues are not read, by `<kind>:<profile>`; the profile `*` means all of them. */
    halts: `${p}:halts`,
    /** Consecutive failed starts, by code and profile. */
    failedStarts: `${p}:starts:failed`,
    poolLeader: (profile: string) => `${p}:pool:${profile}:leader`,
    /** Its last jobs that had use for a spare, by permission mode, and the number of jobs; expires. */
    spareNeeds: (profile: string) => `${p}:pool:${profile}:needs`,
    /** How its workers start, as published by its leader; expires. */
    poolStarts: (profile: string) => `${p}:pool:${profile}:starts`,
    /**
     * Pub/sub channel that wakes schedulers: `<profile> <jobs>` when there is something to claim, empty when a scheduler
     * has left.
     */
    wake: `${p}:wake`,
    /** Pub/sub channel that names a worker whose sockets the bridges should create or remove. */
    listeners: `${p}:listeners`,
    /** Folders of sockets that contain a worker's, for a while after they were created. */
    listenersOf: (worker: string) => `${p}:listeners:${worker}`,
    /** Pub/sub channel for orders of an operator. */
    steer: `${p}:steer`,
    /** The scheduler that currently sweeps. */
    sweeper: `${p}:sweeper`,
    counters: `${p}:counters`,
    jobQueue: (profile: string) => `jobs.${profile}`,
    /**
     * Tenants whose jobs wait in a profile's queue, by line, and the round in which each has its turn; with suffixes
     * `:left` (those of whom none waits, and who are ahead of the round), `:parked` (those whom a limit keeps from starting
     * jobs) and `:prices`.
     */
    fair: (profile: string) => `${p}:fair:${profile}`,
    /** Lines of the tenants, by name; the tenant `default` has line 0. */
    tenantLines: `${p}:tenants`,
    /** Their names, by line. */
    tenantNames: `${p}:tenants:names`,
    /** Weights and limits, by `<tenant>:<rule>`; the tenant `*` means all others. */
    tenantRules: `${p}:tenants:rules`,
    /**
     * With suffixes: `:waiting` and `:running`, ids of a tenant's jobs that are queued, and held; `:spent`, micro-dollars
     * by day and month, and what is reserved; `:parked`, profiles in which it has no turn because of a limit.
     */
    tenant: (tenant: string) => `${p}:tenant:${tenant}`,
    /** A job's place in its profile's queue, as BullMQ names it. */
    placed: (profile: string, id: string) => `${p}:jobs.${profile}:${id}`,
    workerQueue: (worker: string) => `worker.${worker}`,
    /** A ticket's place in its worker's queue, as BullMQ names it. */
    ticket: (worker: string, id: string) => `${p}:worker.${worker}:${id}`,
  };
}

/** The queue of the cluster's own work, in addition to those of the jobs. */
export const serviceQueue = 'service';

/** The queue of messages about jobs that are over. */
export const webhookQueue = 'webhooks';

/** The keys of one namespace. */
export type RedisKeys = ReturnType<typeof redisKeys>;
