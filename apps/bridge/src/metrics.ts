import type { Usage } from '@remuda/domain';
import { createRegistry, timestampGauge } from '@remuda/runtime';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The bridge's metrics. None has a label that identifies a job. */
export interface BridgeMetrics {
  readonly registry: Registry;
  readonly requests: Counter<'outcome'>;
  readonly refused: Counter<'reason'>;
  readonly idleAnswers: Counter;
  readonly firstToken: Histogram;
  readonly lostCounts: Counter;
  readonly estimatedAnswers: Counter;
  readonly gitFetches: Counter<'outcome'>;
  readonly gitFetchSeconds: Histogram;
  readonly snapshots: Counter<'outcome'>;
  readonly snapshotBytes: Counter;
  /** Free space on the disk of the files, in bytes; absent where nobody knows it. */
  readonly blobsFree: Gauge;
  readonly connections: Gauge<'listener'>;
  readonly entries: Counter<'outcome'>;
  readonly callbacks: Counter<'outcome'>;
  readonly egressConnections: Counter<'outcome'>;
  readonly egressBytes: Counter<'direction'>;
  readonly webhookTries: Counter<'outcome'>;
  readonly pushes: Counter<'outcome'>;
  addTokens(usage: Usage): void;
  /** The certificate of the TCP listener is valid until then, epoch ms. */
  readonly certificateEnds: (epochMs: number) => void;
}

/** Creates the metrics, by default with those of the process. */
export function createBridgeMetrics(registry: Registry = createRegistry('bridge')): BridgeMetrics {
  const registers = [registry];
  const tokens = new Counter({
    name: 'remuda_bridge_tokens_total',
    help: 'Model tokens, by kind',
    labelNames: ['kind'],
    registers,
  });
  return {
    registry,
    requests: new Counter({
      name: 'remuda_bridge_model_requests_total',
      help: 'Requests sent to the model, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    refused: new Counter({
      name: 'remuda_bridge_refused_total',
      help: 'Requests that the bridge refused, by reason',
      labelNames: ['reason'] satisfies ['reason'],
      registers,
    }),
    idleAnswers: new Counter({
      name: 'remuda_bridge_idle_answers_total',
      help: 'Requests from warm workers without a job, which the bridge answered itself',
      registers,
    }),
    firstToken: new Histogram({
      name: 'remuda_bridge_first_token_seconds',
      help: 'Time from a request to the first token of its answer',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64],
      registers,
    }),
    lostCounts: new Counter({
      name: 'remuda_bridge_lost_counts_total',
      help: 'Usage counts that could not be written',
      registers,
    }),
    estimatedAnswers: new Counter({
      name: 'remuda_bridge_estimated_answers_total',
      help: 'Requests whose price was estimated because the model did not report their usage',
      registers,
    }),
    gitFetches: new Counter({
      name: 'remuda_bridge_git_fetches_total',
      help: 'Fetches into mirrors, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    gitFetchSeconds: new Histogram({
      name: 'remuda_bridge_git_fetch_seconds',
      help: 'Duration of a fetch into a mirror',
      buckets: [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300],
      registers,
    }),
    snapshots: new Counter({
      name: 'remuda_bridge_snapshots_total',
      help: 'Requests to store or fetch a snapshot or artifacts, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    snapshotBytes: new Counter({
      name: 'remuda_bridge_snapshot_bytes_total',
      help: 'Bytes of snapshots that were stored',
      registers,
    }),
    blobsFree: new Gauge({
      name: 'remuda_bridge_blobs_free_bytes',
      help: 'Free space on the disk of snapshots, uploads and artifacts; NaN for a bucket',
      registers,
    }),
    connections: new Gauge({
      name: 'remuda_bridge_connections',
      help: 'Open connections, by listener',
      labelNames: ['listener'],
      registers,
    }),
    entries: new Counter({
      name: 'remuda_bridge_entries_total',
      help: 'Connections to the TCP listener, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    callbacks: new Counter({
      name: 'remuda_bridge_callbacks_total',
      help: 'Callbacks of workers at the end of a turn in a terminal, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    egressConnections: new Counter({
      name: 'remuda_bridge_egress_connections_total',
      help: "Connections and plain requests of jobs' tools to other hosts, by outcome",
      labelNames: ['outcome'],
      registers,
    }),
    webhookTries: new Counter({
      name: 'remuda_bridge_webhook_tries_total',
      help: 'Tries to deliver a webhook message, by outcome: delivered, again, failed',
      labelNames: ['outcome'],
      registers,
    }),
    pushes: new Counter({
      name: 'remuda_bridge_pushes_total',
      help: "Pushes of jobs' commits, by outcome: pushed, or why nothing was pushed",
      labelNames: ['outcome'],
      registers,
    }),
    egressBytes: new Counter({
      name: 'remuda_bridge_egress_bytes_total',
      help: "Bytes that jobs' tools exchanged with other hosts, by direction, counted when the attempt is over",
      labelNames: ['direction'],
      registers,
    }),
    certificateEnds: timestampGauge(
      registry,
      'remuda_bridge_certificate_not_after_timestamp_seconds',
      'When the certificate of the TCP listener expires',
    ),
    addTokens: (usage) => {
      for (const [kind, count] of Object.entries(usage)) if (count > 0) tokens.inc({ kind }, count as number);
    },
  };
}
