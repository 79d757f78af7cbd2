import { request } from 'node:http';

/** How workers can run on one machine. */
export const localRuntimes = ['docker', 'process'] as const;
export type RuntimeKind = (typeof localRuntimes)[number];

/** What the choice depends on. */
export interface RuntimeFacts {
  /** The user's setting. */
  readonly asked?: RuntimeKind | undefined;
  /** Whether a Docker engine answers on a unix socket of this machine. */
  readonly engine: boolean;
  readonly platform: string;
}

/** A runtime, and what the user must know about it. */
export interface RuntimeChoice {
  readonly kind: RuntimeKind;
  readonly note: string;
}

const bare = 'jobs are NOT isolated: they run as you and can read what you can';

/**
 * Containers if an engine on this machine answers, otherwise child processes. An engine in a virtual machine (Docker
 * Desktop) cannot mount the bridge's sockets into a container, so only Linux uses containers by default.
 */
export function chooseRuntime({ asked, engine, platform }: RuntimeFacts): RuntimeChoice {
  if (asked === 'docker') return { kind: 'docker', note: 'containers, as REMUDA_RUNTIME says' };
  if (asked === 'process') return { kind: 'process', note: `child processes, as REMUDA_RUNTIME says; ${bare}` };
  if (!engine) return { kind: 'process', note: `child processes, since no Docker engine answers; ${bare}` };
  if (platform !== 'linux')
    return { kind: 'process', note: `child processes, since Docker here is a virtual machine; ${bare}` };
  return { kind: 'docker', note: 'containers' };
}

/** Whether a Docker engine answers on its unix socket within 3 s. */
export function engineAnswers(dockerHost: string | undefined): Promise<boolean> {
  const host = dockerHost === undefined || dockerHost === '' ? 'unix:///var/run/docker.sock' : dockerHost;
  if (!host.startsWith('unix://')) return Promise.resolve(false);
  return new Promise((resolve) => {
    const ping = request({ socketPath: host.slice('unix://'.length), path: '/_ping', timeout: 3_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.once('timeout', () => ping.destroy());
    ping.once('error', () => {
      resolve(false);
    });
    ping.end();
  });
}
