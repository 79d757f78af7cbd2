import { readFileSync } from 'node:fs';
import { RemudaError, type Clock } from '@remuda/domain';
import { keepRenewed, minTlsVersion, readCertificate, type CertificatePair, type Logger } from '@remuda/runtime';
import type { HostBridgeSettings } from '../settings.js';

/** The certificate of one side of a connection, its key, and the authority of the other side; PEM. */
export interface TlsTexts extends CertificatePair {
  readonly ca: string;
}

/** Files with these. */
export interface TlsFiles {
  /** Reads them. Throws `config.invalid`. */
  readonly read: () => TlsTexts;
  /** What they were at the start. */
  readonly first: TlsTexts;
}

/** What keeps them up to date. */
export interface RenewalPlace {
  readonly clock: Clock;
  readonly log: Logger;
}

/** How a connection between hosts is secured, on both sides. */
export const securedBy = (texts: TlsTexts) => ({ ...texts, minVersion: minTlsVersion }) as const;

/** The settings that name the files. */
const variables = { cert: 'REMUDA_HOST_BRIDGE_TLS_CERT', key: 'REMUDA_HOST_BRIDGE_TLS_KEY' };

/** Reads what the settings name. Throws `config.invalid`. */
export function readTlsFiles({ tlsCert, tlsKey, tlsCa }: HostBridgeSettings): TlsFiles {
  if (tlsCert === undefined || tlsKey === undefined || tlsCa === undefined)
    throw new RemudaError(
      'config.invalid',
      'REMUDA_HOST_BRIDGE_TLS_CERT, _TLS_KEY and _TLS_CA are all needed between hosts: both sides show a certificate.',
    );
  const files = { certFile: tlsCert, keyFile: tlsKey, variables };
  const read = (): TlsTexts => ({ ...readCertificate(files), ca: readAuthority(tlsCa) });
  return { read, first: read() };
}

/** Calls back when one of them has changed, until the signal aborts. Connections that are open stay as they are. */
export function keepTlsRenewed(
  { read, first }: TlsFiles,
  renew: (texts: TlsTexts) => void,
  { clock, log }: RenewalPlace,
  signal: AbortSignal,
): void {
  void keepRenewed({ read, first, renew, clock, log }, signal);
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RemudaError('config.invalid', `REMUDA_HOST_BRIDGE_TLS_CA cannot be read: ${String(cause)}`, { cause });
  }
}
