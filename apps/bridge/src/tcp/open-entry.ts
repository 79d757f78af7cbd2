import type { Clock } from '@remuda/domain';
import { bridgeSettings, type BridgeSettings } from '../settings.js';
import { keepRenewed, readCertificate } from '@remuda/runtime';
import { Entry, type EntryParts } from './entry.js';

/** Dependencies of opening the TCP entry. */
export interface OpenEntryParts extends EntryParts {
  readonly clock: Clock;
}

/**
 * Opens the TCP entry if the settings have one, and keeps its certificate up to date until the signal aborts. Rejects
 * with `config.invalid` if the address or the certificate is not available.
 */
export async function openEntry(
  { listen, tlsCert: certFile, tlsKey: keyFile }: BridgeSettings,
  parts: OpenEntryParts,
  signal: AbortSignal,
): Promise<{ readonly entry: Entry; readonly url: string } | undefined> {
  if (!listen) return undefined;
  const { clock, log, metrics } = parts;
  const variables = { cert: bridgeSettings.tlsCert.env, key: bridgeSettings.tlsKey.env };
  const files = certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile, variables };
  const read = files && (() => readCertificate(files));
  const certificate = read?.();
  if (!certificate) log.warn({}, 'workers reach this bridge without TLS: traffic can be read in transit');
  const entry = new Entry(parts, certificate);
  const url = await entry.listen(listen);
  const renew = entry.renew.bind(entry);
  const onEnd = metrics.certificateEnds;
  if (read && certificate) void keepRenewed({ read, first: certificate, renew, onEnd, clock, log }, signal);
  return { entry, url };
}
