import { readFileSync } from 'node:fs';
import { RemudaError, type ContainerRuntime } from '@remuda/domain';

/** A bridge that workers reach over the network. */
export interface NetworkBridge {
  readonly url: URL;
  /** Who signed its certificate now, PEM. Absent: who is known to Node.js. */
  readonly ca?: () => string;
}

/** What the settings say of it. */
export interface NetworkBridgeSettings {
  readonly bridge: URL | undefined;
  /** PEM, or the path of a file with it. */
  readonly bridgeCa: string | undefined;
}

/**
 * The bridge as the workers of a runtime reach it over the network; undefined where they do so by sockets. Refuses with
 * `config.invalid` where the settings and the runtime do not go together, or the authority can't be read.
 */
export function networkBridge(
  { bridge: url, bridgeCa }: NetworkBridgeSettings,
  { kind, reachesBridge, reachesRedis }: Pick<ContainerRuntime, 'kind' | 'reachesBridge' | 'reachesRedis'>,
): NetworkBridge | undefined {
  if (url === undefined) {
    if (reachesBridge !== 'by-network') return undefined;
    throw invalid(
      'REMUDA_BRIDGE',
      `expected the bridge's URL: workers of the runtime ${kind} reach it over the network`,
    );
  }
  if (reachesRedis === 'by-bridge')
    throw invalid(
      'REMUDA_BRIDGE',
      `workers of the runtime ${kind} have no network: they reach the bridge through its sockets`,
    );
  if (bridgeCa === undefined) return { url };
  const ca = (): string => readAuthority(bridgeCa);
  ca();
  return { url, ca };
}

function readAuthority(value: string): string {
  try {
    const found = value.includes('-----BEGIN') ? value : readFileSync(value, 'utf8');
    if (found.includes('-----BEGIN CERTIFICATE-----')) return found;
    throw new Error('expected certificates as PEM, or a file with them');
  } catch (error) {
    throw invalid('REMUDA_BRIDGE_CA', error instanceof Error ? error.message : String(error));
  }
}

function invalid(path: string, message: string): RemudaError {
  return new RemudaError('config.invalid', `${path}: ${message}`, { faults: [{ path, message }] });
}
