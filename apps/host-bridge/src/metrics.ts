import { createRegistry } from '@remuda/runtime';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The host bridge's metrics. Clients are those of the clients file. */
export interface HostBridgeMetrics {
  readonly registry: Registry;
  readonly runs: Counter<'client' | 'outcome'>;
  readonly refused: Counter<'client' | 'code'>;
  readonly waitSeconds: Histogram<'client'>;
  readonly runSeconds: Histogram<'client'>;
  readonly connections: Gauge<'client'>;
}

/** Creates the metrics; `state` is asked for how many runs there are. */
export function createHostBridgeMetrics(state: { readonly running: number; readonly waiting: number }) {
  const registry = createRegistry('host-bridge');
  const registers = [registry];
  const buckets = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800];
  for (const [name, help, read] of [
    ['remuda_host_bridge_running', 'Runs of Claude Code', () => state.running],
    ['remuda_host_bridge_waiting', 'Runs that wait for their turn', () => state.waiting],
  ] as const)
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  return {
    registry,
    runs: new Counter({
      name: 'remuda_host_bridge_runs_total',
      help: 'Runs that have ended, by outcome',
      labelNames: ['client', 'outcome'],
      registers,
    }),
    refused: new Counter({
      name: 'remuda_host_bridge_refused_total',
      help: 'Runs and messages that were refused, by code',
      labelNames: ['client', 'code'],
      registers,
    }),
    waitSeconds: new Histogram({
      name: 'remuda_host_bridge_wait_seconds',
      help: 'Time from a request to the start of its run',
      labelNames: ['client'],
      buckets,
      registers,
    }),
    runSeconds: new Histogram({
      name: 'remuda_host_bridge_run_seconds',
      help: 'Duration of a run',
      labelNames: ['client'],
      buckets,
      registers,
    }),
    connections: new Gauge({
      name: 'remuda_host_bridge_connections',
      help: 'Open connections',
      labelNames: ['client'],
      registers,
    }),
  } satisfies HostBridgeMetrics;
}
