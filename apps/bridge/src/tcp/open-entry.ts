import type { Clock } from '@remuda/domain';
import type { BridgeSettings } from '../settings.js';
import { endOfCertificate, readCertificate, type CertificateFiles, type CertificatePair } from './certificate.js';
import { Entry, type EntryParts } from './entry.js';

/** Dependencies of opening the TCP entry. */
export interface OpenEntryParts extends EntryParts {
  readonly clock: Clock;
}

/** Interval of checking for a changed certificate, in ms. */
export const lookEveryMs = 10_000;
/** A certificate that expires within this time, in ms, is reported. */
const warnBeforeMs = 7 * 86_400_000;

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
  const files = certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
  const certificate = files && readCertificate(files);
  if (certificate) tellOfEnd(certificate, parts);
  else parts.log.warn({}, 'workers reach this bridge without TLS: traffic can be read in transit');
  const entry = new Entry(parts, certificate);
  const url = await entry.listen(listen);
  if (files && certificate) void keepRenewed(entry, files, certificate, parts, signal);
  return { entry, url };
}

/** Half-written files are not a valid certificate: the previous one stays in use until they are complete. */
async function keepRenewed(
  entry: Entry,
  files: CertificateFiles,
  first: CertificatePair,
  parts: OpenEntryParts,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = parts;
  let now = first;
  const look = (): void => {
    try {
      const next = readCertificate(files);
      if (next.cert === now.cert && next.key === now.key) return;
      entry.renew(next);
      now = next;
      log.info({ validTo: new Date(endOfCertificate(next)).toISOString() }, 'the certificate was reloaded');
      tellOfEnd(next, parts);
    } catch (err) {
      log.warn({ err }, 'the certificate could not be reloaded: the previous one stays in use');
    }
  };
  const nap = (): Promise<boolean> =>
    clock.sleep(lookEveryMs, signal).then(
      () => true,
      () => false,
    );
  while (await nap()) look();
}

function tellOfEnd(certificate: CertificatePair, { clock, log }: OpenEntryParts): void {
  const end = endOfCertificate(certificate);
  const validTo = new Date(end).toISOString();
  if (end < clock.now()) log.error({ validTo }, 'the certificate has expired: no worker will trust it');
  else if (end < clock.now() + warnBeforeMs) log.warn({ validTo }, 'the certificate expires soon');
}
